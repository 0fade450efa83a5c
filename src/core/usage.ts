/** What OpenAI counted, in whole tokens. The details are parts of `inputTokens` and `outputTokens`. */
export interface Usage {
  /** All input tokens. */
  readonly inputTokens: number;
  /** Input tokens that were read from the cache; part of `inputTokens`. */
  readonly cachedInputTokens: number;
  /** Input tokens that were written to the cache; part of `inputTokens`. */
  readonly cacheWriteTokens: number;
  /** All output tokens. */
  readonly outputTokens: number;
  /** Output tokens that were spent on reasoning; part of `outputTokens`. */
  readonly reasoningTokens: number;
  /** Input tokens that were audio; part of `inputTokens`. */
  readonly inputAudioTokens: number;
  /** Output tokens that were audio; part of `outputTokens`. */
  readonly outputAudioTokens: number;
}
