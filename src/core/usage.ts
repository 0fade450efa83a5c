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

/**
 * A rule by which a usage was read that is incomplete or contradicts itself. Of counts that contradict
 * each other, the larger reading counts.
 */
export type UsageDoubt =
  /** The input is missing, and is the total without the output. */
  | 'input_from_total'
  /** The input and the total are missing. The input is what the cache read and wrote. */
  | 'input_from_cache'
  /** The input is missing, and nothing else tells it. */
  | 'input_missing'
  /** The output is missing, and is the total without the input. */
  | 'output_from_total'
  /** The output is missing, and nothing else tells it. */
  | 'output_missing'
  /** There is a total and neither input nor output. It counts as output. */
  | 'total_alone'
  /** A count is negative, too large or no number. It counts as missing. */
  | 'invalid_count'
  /** Tokens of the cache stand beside the input, and are added to it. */
  | 'cache_beside_input'
  /** Cached and other input together are more than the input. Their sum counts. */
  | 'cache_above_input'
  /** Tokens that were read from the cache and written to it overlap. They are priced as the dearer. */
  | 'cache_overlaps'
  /** The total is more than its parts. The rest counts as output. */
  | 'total_above_parts'
  /** The total is less than its parts. The parts count. */
  | 'total_below_parts'
  /** There are more reasoning tokens than output tokens. They count as output. */
  | 'reasoning_above_output'
  /** A detail is more than the count that it is part of. It is cut to that count. */
  | 'detail_above_whole'
  /** A stream ended twice. The larger of both usages counts. */
  | 'second_ending';
