import { after, type Soon } from '../base/deadline.ts';
import { closerInputBound, FRAMING_TOKENS } from '../openai/counting/closer-input-bound.ts';
import type { TokenCounter } from '../openai/counting/token-counter.ts';
import { outputCapOf, type Room, shrinkToFit, withInputBound } from './shrink-to-fit.ts';
import type { Authorized } from './states.ts';

export interface CountingParts {
  /** `undefined` where input is bounded by its bytes alone. */
  readonly tokenCounter: Pick<TokenCounter, 'count' | 'close'> | undefined;
}

/**
 * Returns a call that does not fit in these rooms with a closer bound of its input, if that may help.
 * Otherwise, or if lowering the output cap helps and leaves half of it, the call is returned as it is.
 */
export function closestBound(
  call: Authorized,
  rooms: readonly Room[],
  { tokenCounter }: CountingParts,
): Soon<Authorized> {
  if (tokenCounter === undefined || !mayHelp(call, rooms)) return call;
  const { built, bound, identity } = call;
  const counted = closerInputBound(built, bound.inputTokens, (job) =>
    tokenCounter.count(identity.user.id, job),
  );
  return after(counted, (inputTokens) =>
    inputTokens < bound.inputTokens ? withInputBound(call, inputTokens) : call,
  );
}

function mayHelp(call: Authorized, rooms: readonly Room[]): boolean {
  const { bound } = call;
  if (bound.inputTokens <= FRAMING_TOKENS) return false;
  const lowered = shrinkToFit(call, rooms);
  if (lowered !== undefined && outputCapOf(lowered) >= outputCapOf(call) / 2) return false;
  return shrinkToFit(withInputBound(call, FRAMING_TOKENS), rooms) !== undefined;
}
