/**
 * What OpenAI charges, written down for this suite alone, so that an error in the library's tables shows.
 * Sources: OpenAI's price page, its guides on images, audio and tools (copies of 2026-09 and 2026-10), and
 * token counts that users measured.
 */

/** USD per million tokens, standard tier. */
interface Rates {
  readonly input: number;
  readonly output: number;
  readonly inputAudio?: number;
  readonly outputAudio?: number;
}

interface ModelFacts extends Rates {
  readonly context: number;
  readonly encoding: 'cl100k' | 'o200k';
  readonly reasons: boolean;
  readonly tiers: Readonly<Record<string, Rates>>;
  /** Tokens of one image of 1024 × 1024 pixels at high detail. */
  readonly imageTokens?: number;
}

const o200k = { encoding: 'o200k', reasons: false } as const;
const reasoning = { encoding: 'o200k', reasons: true } as const;

export const MODELS: Readonly<Record<string, ModelFacts>> = {
  'gpt-5': {
    ...reasoning,
    input: 1.25,
    output: 10,
    context: 400_000,
    tiers: { priority: { input: 2.5, output: 20 }, flex: { input: 0.625, output: 5 } },
    imageTokens: 630,
  },
  'gpt-5-mini': {
    ...reasoning,
    input: 0.25,
    output: 2,
    context: 400_000,
    tiers: { priority: { input: 0.45, output: 3.6 }, flex: { input: 0.125, output: 1 } },
    imageTokens: 1_229,
  },
  'gpt-5-nano-2025-08-07': {
    ...reasoning,
    input: 0.05,
    output: 0.4,
    context: 400_000,
    tiers: { flex: { input: 0.025, output: 0.2 } },
    imageTokens: 1_536,
  },
  'gpt-4.1': {
    ...o200k,
    input: 2,
    output: 8,
    context: 1_047_576,
    tiers: { priority: { input: 3.5, output: 14 } },
    imageTokens: 765,
  },
  'gpt-4.1-nano': {
    ...o200k,
    input: 0.1,
    output: 0.4,
    context: 1_047_576,
    tiers: { priority: { input: 0.2, output: 0.8 } },
    imageTokens: 2_520,
  },
  'gpt-4o': {
    ...o200k,
    input: 2.5,
    output: 10,
    context: 128_000,
    tiers: { priority: { input: 4.25, output: 17 } },
    imageTokens: 765,
  },
  'gpt-4o-mini': {
    ...o200k,
    input: 0.15,
    output: 0.6,
    context: 128_000,
    tiers: { priority: { input: 0.25, output: 1 } },
    imageTokens: 25_501,
  },
  'o4-mini': {
    ...reasoning,
    input: 1.1,
    output: 4.4,
    context: 200_000,
    tiers: { priority: { input: 2, output: 8 }, flex: { input: 0.55, output: 2.2 } },
  },
  'gpt-audio': {
    ...o200k,
    input: 2.5,
    output: 10,
    inputAudio: 32,
    outputAudio: 64,
    context: 128_000,
    tiers: {},
  },
  'gpt-3.5-turbo-instruct': {
    encoding: 'cl100k',
    reasons: false,
    input: 1.5,
    output: 2,
    context: 4_096,
    tiers: {},
  },
  'text-embedding-3-small': {
    encoding: 'cl100k',
    reasons: false,
    input: 0.02,
    output: 0,
    context: 8_192,
    tiers: {},
  },
};

/** One second of audio that a model hears. */
export const AUDIO_TOKENS_PER_SECOND = 10;

/** USD for one session of a container, by its memory. */
export const CONTAINER_USD: Readonly<Record<string, number>> = {
  '1g': 0.03,
  '4g': 0.12,
  '16g': 0.48,
  '64g': 1.92,
};
export const SEARCH_USD = 0.01;
/** A preview search of a model that does not reason, and a search of a model that searches by itself. */
export const PREVIEW_SEARCH_USD = 0.025;
export const FILE_SEARCH_USD = 0.0025;
/** Input of a search that these models are billed in addition, without showing it. */
export const HIDDEN_SEARCH_TOKENS: Readonly<Record<string, number>> = { 'gpt-4o-mini': 8_000 };
/** Most input tokens that one call was seen to add to a round (recorded requests, 2026-08). */
export const RESULT_TOKENS: Readonly<Record<string, number>> = {
  web_search: 21_951,
  web_search_preview: 21_951,
  file_search: 1_188,
  code_interpreter: 3_727,
  image_generation: 2_281,
  mcp: 1_401,
};
/** Output tokens of one image of gpt-image-1.5, by quality and size. */
export const IMAGE_OUTPUT_TOKENS: Readonly<Record<string, number>> = {
  'low 1024x1024': 272,
  'low 1536x1024': 400,
  'medium 1024x1024': 1_056,
  'high 1024x1024': 4_160,
  'high 1536x1024': 6_208,
};
/** USD per million tokens of gpt-image-1.5. */
export const IMAGE_RATES = { text: 5, output: 32 } as const;
/** Each partial image. */
export const PARTIAL_IMAGE_TOKENS = 100;
