import type { Events } from '../core/events.ts';
import { doubtsOf } from '../openai/answer/usage.ts';
import type { Admitted, Charge } from './states.ts';

/**
 * Emits what the operator should know of an answer: that it used more than was held for it, or that it
 * ended twice. Its charge is not lowered.
 */
export function noteAnomalies(admitted: Admitted, charge: Charge, events: Events): void {
  const { reading } = charge;
  if (overruns(admitted, charge)) {
    events.emit('failed', {
      source: 'overrun',
      error: new Error(overrunMessage(admitted, charge)),
    });
  }
  if (reading !== undefined && doubtsOf(reading).includes('second_ending')) {
    const error = new Error('A stream ended twice. The larger of both usages was charged.');
    events.emit('failed', { source: 'upstream', error });
  }
}

/** A call without a price holds no money. */
function overruns({ held, rateCard }: Admitted, { used }: Charge): boolean {
  return (
    used.inputTokens > held.inputTokens ||
    used.outputTokens > held.outputTokens ||
    (rateCard !== undefined && used.nanoUsd > held.nanoUsd)
  );
}

function overrunMessage({ inFlight, endpoint, built, held }: Admitted, { used }: Charge): string {
  const amounts = ({ inputTokens, outputTokens, nanoUsd }: typeof held) =>
    `${inputTokens} input tokens, ${outputTokens} output tokens and ${nanoUsd / 1e9} USD`;
  return (
    `Call ${inFlight.id} (${endpoint.name}, ${built.model}) used ${amounts(used)}. ` +
    `Held for it were ${amounts(held)}. It was charged what it used.`
  );
}
