/** What OpenAI counted, in whole tokens. The details are parts of `inputTokens` and `outputTokens`. */
export interface Usage {
  /** All input tokens. */
  readonly inputTokens: number;
  /** Input tokens that were read from the cache; part of `inputTokens`. */
  readonly cachedInputTokens: number;
  /** Input tokens that were written to the cache; part of `inputTokens`. */
  readonly cacheWriteTokens: number;
  /** Tokens that were written to the cache for hours; part of `cacheWriteTokens`. */
  readonly cacheWriteLongTokens: number;
  /** All output tokens. */
  readonly outputTokens: number;
  /** Output tokens that were spent on reasoning; part of `outputTokens`. */
  readonly reasoningTokens: number;
  /** Input tokens that were audio; part of `inputTokens`. */
  readonly inputAudioTokens: number;
  /** Input tokens that were images; part of `inputTokens`. */
  readonly inputImageTokens: number;
  /** Output tokens that were audio; part of `outputTokens`. */
  readonly outputAudioTokens: number;
  /** Output tokens that were images; part of `outputTokens`. */
  readonly outputImageTokens: number;
}

/** The usage of a call that used no tokens. */
export const NO_USAGE: Usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWriteLongTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  inputAudioTokens: 0,
  inputImageTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
};
