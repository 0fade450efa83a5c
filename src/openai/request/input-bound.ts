import type { BuiltRequest } from './build-request.ts';

/**
 * Returns an upper bound of the input tokens that OpenAI can count for a request. Its JSON has
 * `bodyBytes` bytes in UTF-8.
 *
 * Bytes bound tokens: every tokenizer that OpenAI has published is a byte-level BPE. One token stands
 * for at least one byte, so text has no more tokens than bytes. The few tokens that frame a message are
 * fewer than the JSON around it. Counting bytes is free, while a tokenizer takes seconds on texts made
 * to slow it down. Bytes do not bound images, audio, stored objects and results of hosted tools. Their
 * bytes are taken off, and the most that each can cost is added. In each round of a hosted tool the
 * model reads the whole input again.
 */
export function inputUpperBound(
  bodyBytes: number,
  built: Pick<BuiltRequest, 'inlineBytes' | 'extraInputTokens' | 'inputRounds'>,
): number {
  const textBytes = Math.max(0, bodyBytes - built.inlineBytes);
  return built.inputRounds * (textBytes + built.extraInputTokens);
}
