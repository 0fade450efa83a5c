import type { BuiltRequest } from '../openai/request/build-request.ts';
import { isHidingModel } from '../openai/request/hidden-output.ts';
import type { Outcome } from './states.ts';

/** What OpenAI may have written, and not yet delivered, to a client that kept reading. */
const AHEAD_TOKENS = 512;

/** Returns whether the answer to this call shows all output that OpenAI bills. */
export function showsOutput({ model, asksHiddenOutput }: BuiltRequest): boolean {
  return !asksHiddenOutput && !isHidingModel(model);
}

/**
 * Returns the charge of a stream that was cut before its usage came: never less than OpenAI may bill. A
 * token of text is at least one byte. `textBytes` is what was received; `undefined` if the client did not
 * keep up, so that OpenAI may be far ahead.
 */
export function cutOutcome(built: BuiltRequest, textBytes: number | undefined): Outcome {
  if (textBytes === undefined || !showsOutput(built)) return { kind: 'held' };
  return { kind: 'visible', outputTokens: textBytes + AHEAD_TOKENS };
}
