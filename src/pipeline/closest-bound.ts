import { after, type Soon } from '../base/deadline.ts';
import { closerInputBound, FRAMING_TOKENS } from '../openai/counting/closer-input-bound.ts';
import type { CountingPlaces } from '../openai/counting/counting-places.ts';
import type { TokenCounter } from '../openai/counting/token-counter.ts';
import { countAtOpenAI, needsOpenAIToCount } from './count-at-openai.ts';
import { outputCapOf, type Room, shrinkToFit, withInputBound } from './shrink-to-fit.ts';
import type { Authorized } from './states.ts';

export interface CountingParts {
  /** `undefined` where nothing is counted. */
  readonly tokenCounter: Pick<TokenCounter, 'count' | 'close'> | undefined;
  readonly countingPlaces: CountingPlaces;
}

/**
 * Returns a call that does not fit in these rooms with a closer bound of its input, if that may help.
 * Otherwise, or if lowering the output cap helps and leaves half of it, the call is returned as it is.
 */
export function closestBound(
  call: Authorized,
  rooms: readonly Room[],
  parts: CountingParts,
): Soon<Authorized> {
  if (parts.tokenCounter === undefined || !mayHelp(call, rooms)) return call;
  return after(closerInput(call, parts.tokenCounter, parts), (inputTokens) =>
    inputTokens < call.bound.inputTokens ? withInputBound(call, inputTokens) : call,
  );
}

function closerInput(
  call: Authorized,
  tokenCounter: Pick<TokenCounter, 'count'>,
  parts: CountingParts,
): Soon<number> {
  const { built, bound, identity } = call;
  const inPlace = (count: () => Promise<number | undefined>) =>
    parts.countingPlaces.use(identity.user.id, count);
  if (needsOpenAIToCount(call)) {
    const counted = inPlace(() => countAtOpenAI(call));
    return counted.then((tokens = Number.POSITIVE_INFINITY) => tokens + FRAMING_TOKENS);
  }
  return closerInputBound(built, bound.inputTokens, (job) =>
    inPlace(() => tokenCounter.count(job())),
  );
}

function mayHelp(call: Authorized, rooms: readonly Room[]): boolean {
  const { bound } = call;
  if (bound.inputTokens <= FRAMING_TOKENS) return false;
  const lowered = shrinkToFit(call, rooms);
  if (lowered !== undefined && outputCapOf(lowered) >= outputCapOf(call) / 2) return false;
  return shrinkToFit(withInputBound(call, FRAMING_TOKENS), rooms) !== undefined;
}
