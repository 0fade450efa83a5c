import type { BuiltRequest } from '../openai/request/build-request.ts';
import { isHidingModel } from '../openai/request/hidden-output.ts';
import type { Outcome } from './states.ts';

/** What OpenAI may have written, and not yet delivered, to a client that kept reading. */
const AHEAD_TOKENS = 512;

/** Whether OpenAI bills no output of this call that its answer does not show. */
export function showsOutput({ model, asksHiddenOutput }: BuiltRequest): boolean {
  return !asksHiddenOutput && !isHidingModel(model);
}

/**
 * What a stream is charged that was cut before its usage came, never less than OpenAI may bill. A token
 * of text is at least one byte of it. `textBytes` is what was received; `undefined` when the client did
 * not keep up, so that OpenAI may be far ahead.
 */
export function cutOutcome(built: BuiltRequest, textBytes: number | undefined): Outcome {
  if (textBytes === undefined || !showsOutput(built)) return { kind: 'held' };
  return { kind: 'visible', outputTokens: textBytes + AHEAD_TOKENS };
}
