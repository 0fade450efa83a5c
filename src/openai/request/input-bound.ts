import type { BuiltRequest } from './built-request.ts';

/**
 * An upper bound of the input tokens that OpenAI can count for a request whose JSON has `bodyBytes`
 * bytes in UTF-8.
 *
 * Why bytes: every tokenizer OpenAI has published is a byte-level BPE, in which a token stands for at
 * least one byte, so text has no more tokens than bytes; the few tokens that frame a message are fewer
 * than the JSON around it. It costs nothing, where running a tokenizer takes seconds on texts made for
 * that. What is no text (images, audio, stored objects, results of hosted tools) is not bounded by its
 * bytes: it is taken off, and what the plan states for it is put on. Each round of a hosted tool has
 * the whole input read again.
 */
export function inputUpperBound(
  bodyBytes: number,
  built: Pick<BuiltRequest, 'inlineBytes' | 'extraInputTokens' | 'inputRounds'>,
): number {
  const textBytes = Math.max(0, bodyBytes - built.inlineBytes);
  return built.inputRounds * (textBytes + built.extraInputTokens);
}
