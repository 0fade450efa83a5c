import { isPromiseLike } from '../base/deadline.ts';
import type { Events } from '../core/events.ts';
import { type Amounts, amounts } from '../ledger/amounts.ts';
import { type Reading, usedAmounts } from '../openai/answer/usage.ts';
import { costNanoUsd } from '../openai/prices/rate-card.ts';
import { boundNanoUsd, tokenAmounts } from '../openai/prices/upper-bound.ts';
import type { CallLedger } from './call-ledger.ts';
import type { InFlightCalls } from './in-flight.ts';
import type { Admitted, Charge, Outcome } from './states.ts';

export interface SettleParts {
  readonly ledger: CallLedger;
  readonly calls: InFlightCalls;
  readonly events: Events;
}

/**
 * Step 7: posts what the call used and frees the rest of its hold. Called exactly once for each hold, on
 * every way out. Never rejects: a charge that cannot be posted is repeated, and in the end its lease
 * charges the hold.
 */
export async function settle(
  admitted: Admitted,
  outcome: Outcome,
  { ledger, calls, events }: SettleParts,
): Promise<void> {
  const { inFlight, identity } = admitted;
  try {
    if (outcome.kind === 'nothing' || outcome.kind === 'unserved') {
      await ledger.release(inFlight, { keepsRates: outcome.kind === 'unserved' });
      events.emit('released', { callId: inFlight.id, userId: identity.user.id });
      return;
    }
    const charge = chargeOf(admitted, outcome);
    const posted = ledger.settle(inFlight, charge.used);
    const resolution = isPromiseLike(posted) ? await posted : posted;
    if (events.isHeard('settled')) emitSettled(admitted, charge, resolution === 'queued', events);
  } catch (error) {
    events.emit('failed', { source: 'ledger', error });
  } finally {
    calls.end(inFlight);
  }
}

type Charged = Exclude<Outcome, { kind: 'nothing' | 'unserved' }>;

function chargeOf(admitted: Admitted, outcome: Charged): Charge {
  if (outcome.kind === 'refused') return REFUSED;
  if (outcome.kind === 'held') return estimate(admitted.held);
  if (outcome.kind === 'visible') return visibleCharge(admitted, outcome.outputTokens);
  const { reading } = outcome;
  const used = usedAmounts(reading, costOf(admitted, reading));
  return { used: amounts({ requests: 1, ...used }), reading, estimated: false };
}

const REFUSED: Charge = { used: amounts({ requests: 1 }), reading: undefined, estimated: false };

const estimate = (used: Amounts): Charge => ({ used, reading: undefined, estimated: true });

/** Never more than was held. Units that a cut does not lower stay charged as they were held. */
function visibleCharge(admitted: Admitted, mostOutputTokens: number): Charge {
  const { held, rateCard, built } = admitted;
  const outputTokens = Math.min(held.outputTokens, mostOutputTokens);
  const { inputTokens } = held;
  const mostNanoUsd = boundNanoUsd(built, rateCard, inputTokens, outputTokens);
  const nanoUsd = Math.min(held.nanoUsd, mostNanoUsd);
  const used = tokenAmounts(inputTokens, outputTokens, nanoUsd);
  return estimate(amounts({ ...held, ...used, concurrent: 0 }));
}

/** Priced by the model and tier that answered, because these are billed; by those of the request if the
 * answer does not name them. Prices are those that the call was held with. */
function costOf({ built, prices, rateCard }: Admitted, reading: Reading): number {
  const answered = reading.model === undefined ? undefined : prices.find(reading.model);
  const card = answered ?? rateCard;
  const fees = built.hostedFeesFor(reading);
  if (card === undefined) return fees;
  // The empty name of a tier is none.
  return costNanoUsd(card, reading.usage, reading.serviceTier || built.serviceTier) + fees;
}

function emitSettled(
  admitted: Admitted,
  { used, reading, estimated }: Charge,
  queued: boolean,
  events: Events,
): void {
  events.emit('settled', {
    callId: admitted.inFlight.id,
    userId: admitted.identity.user.id,
    plan: admitted.plan.name,
    endpoint: admitted.endpoint.name,
    model: reading?.model ?? admitted.built.model,
    usage: reading?.usage,
    inputTokens: used.inputTokens,
    outputTokens: used.outputTokens,
    costNanoUsd: used.nanoUsd,
    estimated,
    degraded: queued || admitted.degraded,
  });
}
