import type { Events } from '../core/events.ts';
import type { Admitted, Charge } from './states.ts';

/** Emits that an answer used more than was held for it. Its charge is not lowered. */
export function noteOverrun(admitted: Admitted, charge: Charge, events: Events): void {
  if (!overruns(admitted, charge)) return;
  const error = new Error(overrunMessage(admitted, charge));
  events.emit('failed', { source: 'overrun', error, callId: admitted.inFlight.id });
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
