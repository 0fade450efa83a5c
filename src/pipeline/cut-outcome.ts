import type { Reading } from '../openai/answer/usage.ts';
import { isHidingModel } from '../openai/request/hidden-output.ts';
import type { Admitted, Authorized, Outcome, UnreadOutcome } from './states.ts';

/** What OpenAI may have written, and not yet delivered, to a client that kept reading. */
const AHEAD_TOKENS = 512;

/** What decides whether an answer shows all output. */
type Call = Pick<Authorized, 'built' | 'rateCard'>;

/** What is known of the host that is called. */
export interface KnownHost {
  /** OpenAI's own models answer there. Elsewhere, a name tells nothing of the model. */
  readonly servesOpenAI: boolean;
}

/** Returns what is known of the host that a call was sent to. */
export const hostOf = ({ inFlight }: Pick<Admitted, 'inFlight'>): KnownHost =>
  inFlight.target?.upstream ?? UNKNOWN_HOST;

/** What messages to clients call the upstream that a call was sent to. */
export const labelOf = ({ inFlight }: Pick<Admitted, 'inFlight'>): string =>
  inFlight.target?.upstream.label ?? 'OpenAI';

const UNKNOWN_HOST: KnownHost = { servesOpenAI: false };

/** Returns whether the answer to this call provably shows all output that is billed. */
export function showsOutput({ built, rateCard }: Call, { servesOpenAI }: KnownHost): boolean {
  if (built.asksHiddenOutput) return false;
  const { hiddenOutput = !servesOpenAI || isHidingModel(built.model) } = rateCard ?? {};
  return !hiddenOutput;
}

/**
 * Returns the charge of a stream that was cut before its usage came: never less than OpenAI may bill. A
 * token of text is at least one byte. `textBytes` is what was received; `undefined` if the client did not
 * keep up, so that OpenAI may be far ahead.
 */
export function cutOutcome(
  call: Call,
  host: KnownHost,
  textBytes: number | undefined,
): UnreadOutcome {
  if (textBytes === undefined || !showsOutput(call, host)) return { kind: 'held' };
  return { kind: 'visible', outputTokens: textBytes + AHEAD_TOKENS };
}

/**
 * Returns the outcome of an answer whose usage was read. A usage that is not final only says the least
 * that is charged.
 */
export function readOutcome(
  reading: Reading | undefined,
  isFinal: boolean,
  otherwise: UnreadOutcome,
): Outcome {
  if (reading === undefined) return otherwise;
  return isFinal ? { kind: 'used', reading } : { ...otherwise, floor: reading };
}
