import type { Clock } from '../base/clock.ts';
import { isPromiseLike } from '../base/deadline.ts';
import type { Events } from '../core/events.ts';
import type { HeaderList } from '../core/response.ts';
import { type Amounts, amounts, NO_AMOUNTS } from '../ledger/amounts.ts';
import { doubtsOf, type Reading, usedAmounts } from '../openai/answer/usage.ts';
import { isEstimate } from '../openai/answer/usage-rules.ts';
import { costNanoUsd } from '../openai/prices/rate-card.ts';
import { boundNanoUsd, tokenAmounts } from '../openai/prices/upper-bound.ts';
import { rateLimitHeaders } from '../plans/rate-limit-headers.ts';
import type { CallLedger } from './call-ledger.ts';
import type { InFlightCalls } from './in-flight.ts';
import { noteOverrun } from './overrun.ts';
import type { Admitted, Charge, Outcome, UnreadOutcome } from './states.ts';
import type { Thresholds } from './thresholds.ts';

export interface SettleParts {
  readonly ledger: CallLedger;
  readonly calls: InFlightCalls;
  readonly events: Events;
  readonly thresholds: Thresholds;
  readonly clock: Clock;
}

/**
 * Step 7: posts what the call used and frees the rest of its hold. Called exactly once for each hold, on
 * every way out. Never rejects: a charge that cannot be posted is repeated, and in the end its lease
 * charges the hold. `headers` of a response that was not sent yet show what is left then; they do not wait
 * for the ledger.
 */
export async function settle(
  admitted: Admitted,
  outcome: Outcome,
  { ledger, calls, events, clock, thresholds }: SettleParts,
  headers?: HeaderList,
): Promise<void> {
  const { inFlight, identity } = admitted;
  try {
    if (outcome.kind === 'nothing' || outcome.kind === 'unserved') {
      const keepsRates = outcome.kind === 'unserved';
      if (headers !== undefined) showLeft(headers, admitted, NO_AMOUNTS, clock, keepsRates);
      await ledger.release(inFlight, { keepsRates });
      events.emit('released', { callId: inFlight.id, userId: identity.user.id });
      return;
    }
    const charge = chargeOf(admitted, outcome, clock);
    if (headers !== undefined) showLeft(headers, admitted, charge.used, clock);
    const posted = ledger.settle(inFlight, charge.used);
    const resolution = isPromiseLike(posted) ? await posted : posted;
    noteOverrun(admitted, charge, events);
    thresholds.charged(admitted, charge.used);
    if (events.isHeard('settled')) emitSettled(admitted, charge, resolution === 'queued', events);
  } catch (error) {
    events.emit('failed', { source: 'ledger', error });
  } finally {
    calls.end(inFlight);
  }
}

/** Shows what is left of the caller's limits once the call is charged. */
function showLeft(
  headers: HeaderList,
  { limitStatus, held, inFlight }: Admitted,
  used: Amounts,
  clock: Clock,
  keepsRates = false,
): void {
  const hold = { held, heldAtMs: inFlight.startedAtMs, used, keepsRates };
  Object.assign(headers, rateLimitHeaders(limitStatus, clock.nowMs(), hold));
}

type Charged = Exclude<Outcome, { kind: 'nothing' | 'unserved' }>;

function chargeOf(admitted: Admitted, outcome: Charged, clock: Clock): Charge {
  // An upstream counts these before it answers, whatever becomes of the call.
  const { upstreamTokens } = admitted.held;
  if (outcome.kind === 'refused') return refusedCharge(upstreamTokens);
  if (outcome.kind !== 'used') return unreadCharge(admitted, outcome, clock);
  const { reading } = outcome;
  const used = usedAmounts(reading, costOf(admitted, reading, clock));
  const estimated = isEstimate(doubtsOf(reading));
  return { used: amounts({ requests: 1, ...used, upstreamTokens }), reading, estimated };
}

function unreadCharge(admitted: Admitted, outcome: UnreadOutcome, clock: Clock): Charge {
  const { floor } = outcome;
  const most = outcome.kind === 'held' ? admitted.held : visibleAmounts(admitted, outcome);
  const used = floor === undefined ? most : atLeast(most, floor, costOf(admitted, floor, clock));
  return { used, reading: undefined, estimated: true };
}

function refusedCharge(upstreamTokens: number): Charge {
  const used = amounts({ requests: 1, upstreamTokens });
  return { used, reading: undefined, estimated: false };
}

/** Never more than was held. Units that a cut does not lower stay charged as they were held. */
function visibleAmounts(
  { held, rateCard, built }: Admitted,
  { outputTokens: mostOutputTokens }: { readonly outputTokens: number },
): Amounts {
  const outputTokens = Math.min(held.outputTokens, mostOutputTokens);
  const { inputTokens } = held;
  const mostNanoUsd = boundNanoUsd(built, rateCard, inputTokens, outputTokens);
  const nanoUsd = Math.min(held.nanoUsd, mostNanoUsd);
  const used = tokenAmounts(inputTokens, outputTokens, nanoUsd);
  return amounts({ ...held, ...used, concurrent: 0 });
}

/** The larger of both in each unit. */
function atLeast(most: Amounts, { usage }: Reading, costNanoUsd: number): Amounts {
  const inputTokens = Math.max(most.inputTokens, usage.inputTokens);
  const outputTokens = Math.max(most.outputTokens, usage.outputTokens);
  const nanoUsd = Math.max(most.nanoUsd, costNanoUsd);
  return { ...most, ...tokenAmounts(inputTokens, outputTokens, nanoUsd) };
}

/** Priced by the model and tier that answered, because these are billed; by those of the request if the
 * answer does not name them. Prices are those that the call was held with. */
function costOf(admitted: Admitted, reading: Reading, clock: Clock): number {
  const { built, inFlight } = admitted;
  const { reportedNanoUsd } = reading;
  if (reportedNanoUsd !== undefined && inFlight.target?.upstream.dialect.reportsCost) {
    return reportedNanoUsd;
  }
  const card = cardOf(admitted, reading.model);
  const fees = built.hostedFeesFor(reading, clock.nowMs() - inFlight.startedAtMs);
  if (card === undefined) return fees;
  // The empty name of a tier is none.
  return costNanoUsd(card, reading.usage, reading.serviceTier || built.serviceTier) + fees;
}

function cardOf({ prices, rateCard, inFlight }: Admitted, answered: string | undefined) {
  const { target } = inFlight;
  if (target === undefined) return rateCard;
  const { billedModel, priceProvider } = target.upstream.dialect;
  const isNamed = answered !== undefined && billedModel === 'answered';
  const named = isNamed ? prices.findAt(answered, priceProvider) : undefined;
  return named ?? prices.findAt(target.model, priceProvider) ?? rateCard;
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
    upstream: admitted.inFlight.target?.upstream.name ?? '',
    usage: reading?.usage,
    inputTokens: used.inputTokens,
    outputTokens: used.outputTokens,
    costNanoUsd: used.nanoUsd,
    estimated,
    doubts: reading === undefined ? [] : doubtsOf(reading),
    degraded: queued || admitted.degraded,
  });
}
