import type { ModelPrice, TokenPrices } from './model-price.ts';

/**
 * The guard's own price list, in USD per million tokens. It stands above `@pydantic/genai-prices`, which
 * has no service tiers, lacks some models, and lets others begin their long context one token early.
 *
 * Source, unless a row names another: OpenAI's price page (https://developers.openai.com/api/docs/pricing),
 * as it was in September 2026, its tables Standard, Flex, Fast and Fine-tuning. Fast was called Priority
 * until 2026-07-30. The Batch API does not pass through the guard, so its prices are not here.
 * Rates are as published, and a tier without a published price has none. A few rows of the newest models are
 * not on that copy: fast rates of the small gpt-6 models are from public readings of the page, their flex is
 * half and ultrafast six times the standard rate, as the guide says of these tiers. Check them against the page.
 */
type Figures = readonly [input: number, cached: number | undefined, output: number];
type WriteFigures = readonly [input: number, cached: number, cacheWrite: number, output: number];

function named(figures: Figures | WriteFigures) {
  if (figures.length === 4) {
    const [input, cached, cacheWrite, output] = figures;
    return { input, cached, cacheWrite, output };
  }
  const [input, cached, output] = figures;
  return { input, ...(cached !== undefined && { cached }), output };
}

/** "Long context" begins above this many input tokens. */
const LONG_ABOVE = 272_000;

function rates(short: Figures | WriteFigures, long?: Figures | WriteFigures): TokenPrices {
  if (long === undefined) return named(short);
  return { ...named(short), long: { aboveInputTokens: LONG_ABOVE, ...named(long) } };
}

const gpt56Sol: ModelPrice = {
  tokens: rates([5, 0.5, 6.25, 30], [10, 1, 12.5, 45]),
  tiers: {
    fast: rates([10, 1, 12.5, 60], [20, 2, 25, 90]),
    flex: rates([2.5, 0.25, 3.125, 15], [5, 0.5, 6.25, 22.5]),
  },
  source: 'the same page before 2026-08-21; its fast long context is twice the standard one',
};

const gpt56SolPromotion: ModelPrice = {
  tokens: rates([4, 0.4, 5, 20], [8, 0.8, 10, 30]),
  tiers: {
    fast: rates([8, 0.8, 10, 40], [16, 1.6, 20, 60]),
    flex: rates([2, 0.2, 2.5, 10], [4, 0.4, 5, 15]),
  },
  until: '2026-11-21',
  source: 'the page: a promotional price "at least until" this day',
};

/** Prices that end. After their last day the price below them counts too. */
export const promotions: Readonly<Record<string, ModelPrice>> = {
  'gpt-5.6-sol': gpt56SolPromotion,
  'gpt-5.6': gpt56SolPromotion,
};

const gpt51: ModelPrice = {
  tokens: rates([1.25, 0.125, 10]),
  tiers: { fast: rates([2.5, 0.25, 20]), flex: rates([0.625, 0.0625, 5]) },
};

/** No number of searches in one request is published; this is more than any that was seen. */
const SEARCHES_MAX = 4;

const flagships: Readonly<Record<string, ModelPrice>> = {
  'gpt-6-astra': {
    tokens: rates([10, 1, 12.5, 50], [20, 2, 25, 75]),
    tiers: {
      fast: rates([20, 2, 25, 100], [40, 4, 50, 150]),
      flex: rates([5, 0.5, 6.25, 25], [10, 1, 12.5, 37.5]),
      ultrafast: rates([60, 6, 75, 300], [120, 12, 150, 450]),
    },
    source: 'the page; Ultrafast: its guide, and three public readings of the page of October 2026',
  },
  'gpt-6.1-sol': {
    tokens: rates([2, 0.1, 2.5, 10], [4, 0.2, 5, 15]),
    tiers: {
      fast: rates([4, 0.2, 5, 20], [8, 0.4, 10, 30]),
      flex: rates([1, 0.05, 1.25, 5], [2, 0.1, 2.5, 7.5]),
      ultrafast: rates([12, 0.6, 15, 60], [24, 1.2, 30, 90]),
    },
    source: 'public readings of its model page and of the page, 2026-10-01',
  },
  'gpt-6-sol': {
    tokens: rates([2, 0.2, 2.5, 10], [4, 0.4, 5, 15]),
    tiers: {
      fast: rates([4, 0.4, 5, 20], [8, 0.8, 10, 30]),
      flex: rates([1, 0.1, 1.25, 5], [2, 0.2, 2.5, 7.5]),
    },
    source: 'a public reading of the page, 2026-09-23',
  },
  'gpt-6-luna': {
    tokens: rates([0.1, 0.01, 0.125, 0.5], [0.2, 0.02, 0.25, 0.75]),
    tiers: {
      fast: rates([0.2, 0.02, 0.25, 1], [0.4, 0.04, 0.5, 1.5]),
      flex: rates([0.05, 0.005, 0.0625, 0.25], [0.1, 0.01, 0.125, 0.375]),
    },
    source: 'a public reading of the page, 2026-09-23',
  },
  'gpt-5.6-sol': gpt56Sol,
  'gpt-5.6': gpt56Sol,
  'gpt-5.6-terra': {
    tokens: rates([2, 0.2, 2.5, 12], [4, 0.4, 5, 18]),
    tiers: {
      fast: rates([4, 0.4, 5, 24], [8, 0.8, 10, 36]),
      flex: rates([1, 0.1, 1.25, 6], [2, 0.2, 2.5, 9]),
    },
  },
  'gpt-5.6-luna': {
    tokens: rates([0.2, 0.02, 0.25, 1.2], [0.4, 0.04, 0.5, 1.8]),
    tiers: {
      fast: rates([0.4, 0.04, 0.5, 2.4], [0.8, 0.08, 1, 3.6]),
      flex: rates([0.1, 0.01, 0.125, 0.6], [0.2, 0.02, 0.25, 0.9]),
    },
  },
  'gpt-5.6-cyber': { tokens: rates([12.5, 1.25, 15.625, 75]) },
  'gpt-5.5': {
    tokens: rates([5, 0.5, 30], [10, 1, 45]),
    tiers: { fast: rates([12.5, 1.25, 75]), flex: rates([2.5, 0.25, 15], [5, 0.5, 22.5]) },
  },
  'gpt-5.5-pro': {
    tokens: rates([30, undefined, 180], [60, undefined, 270]),
    tiers: { flex: rates([15, undefined, 90]) },
  },
  'gpt-5.4': {
    tokens: rates([2.5, 0.25, 15], [5, 0.5, 22.5]),
    tiers: { fast: rates([5, 0.5, 30]), flex: rates([1.25, 0.13, 7.5], [2.5, 0.25, 11.25]) },
  },
  'gpt-5.4-pro': {
    tokens: rates([30, undefined, 180], [60, undefined, 270]),
    tiers: { flex: rates([15, undefined, 90], [30, undefined, 135]) },
  },
  'gpt-5.4-mini': {
    tokens: rates([0.75, 0.075, 4.5]),
    tiers: { fast: rates([1.5, 0.15, 9]), flex: rates([0.375, 0.0375, 2.25]) },
  },
  'gpt-5.4-nano': {
    tokens: rates([0.2, 0.02, 1.25]),
    tiers: { flex: rates([0.1, 0.01, 0.625]) },
  },
  'gpt-5.3-codex': {
    tokens: rates([1.75, 0.175, 14]),
    tiers: { fast: rates([3.5, 0.35, 28]) },
  },
  'gpt-5.2': {
    tokens: rates([1.75, 0.175, 14]),
    tiers: { fast: rates([3.5, 0.35, 28]), flex: rates([0.875, 0.0875, 7]) },
  },
  'gpt-5.1': gpt51,
  'gpt-5': gpt51,
  'gpt-5-mini': {
    tokens: rates([0.25, 0.025, 2]),
    tiers: { fast: rates([0.45, 0.045, 3.6]), flex: rates([0.125, 0.0125, 1]) },
  },
  'gpt-5-nano': {
    tokens: rates([0.05, 0.005, 0.4]),
    tiers: { flex: rates([0.025, 0.0025, 0.2]) },
  },
};

const earlier: Readonly<Record<string, ModelPrice>> = {
  'gpt-4.1': { tokens: rates([2, 0.5, 8]), tiers: { fast: rates([3.5, 0.875, 14]) } },
  'gpt-4.1-mini': { tokens: rates([0.4, 0.1, 1.6]), tiers: { fast: rates([0.7, 0.175, 2.8]) } },
  'gpt-4.1-nano': { tokens: rates([0.1, 0.025, 0.4]), tiers: { fast: rates([0.2, 0.05, 0.8]) } },
  'gpt-4o': { tokens: rates([2.5, 1.25, 10]), tiers: { fast: rates([4.25, 2.125, 17]) } },
  'gpt-4o-2024-05-13': {
    tokens: rates([5, undefined, 15]),
    tiers: { fast: rates([8.75, undefined, 26.25]) },
  },
  'gpt-4o-mini': { tokens: rates([0.15, 0.075, 0.6]), tiers: { fast: rates([0.25, 0.125, 1]) } },
  o3: {
    tokens: rates([2, 0.5, 8]),
    tiers: { fast: rates([3.5, 0.875, 14]), flex: rates([1, 0.25, 4]) },
  },
  'o4-mini': {
    tokens: rates([1.1, 0.275, 4.4]),
    tiers: { fast: rates([2, 0.5, 8]), flex: rates([0.55, 0.138, 2.2]) },
  },
  'davinci-002': { tokens: rates([2, undefined, 2]) },
  'babbage-002': { tokens: rates([0.4, undefined, 0.4]) },
};

const specialized: Readonly<Record<string, ModelPrice>> = {
  'chat-latest': { tokens: rates([5, 0.5, 30]) },
  'computer-use-preview': {
    tokens: rates([3, undefined, 12]),
    source: 'its model page; genai-prices has it under another name',
  },
  'gpt-5-search-api': {
    tokens: rates([1.25, 0.125, 10]),
    // The page names the fee of "search preview" models and of the tool (0.01), and not of this model.
    searches: { usdPerCall: 0.025, maxPerRequest: SEARCHES_MAX },
  },
  'gpt-4o-search-preview': {
    tokens: rates([2.5, undefined, 10]),
    searches: { usdPerCall: 0.025, maxPerRequest: SEARCHES_MAX },
  },
  'gpt-4o-mini-search-preview': {
    tokens: rates([0.15, undefined, 0.6]),
    searches: { usdPerCall: 0.025, maxPerRequest: SEARCHES_MAX },
  },
  'gpt-4o-audio-preview': {
    tokens: { ...rates([2.5, undefined, 10]), inputAudio: 40, outputAudio: 80 },
    source: 'its model page, 2025',
  },
  'gpt-4o-audio-preview-2024-10-01': {
    tokens: { ...rates([2.5, undefined, 10]), inputAudio: 100, outputAudio: 200 },
    source: 'its model page, 2024: the first snapshot was dearer',
  },
  'gpt-4o-mini-audio-preview': {
    tokens: { ...rates([0.15, undefined, 0.6]), inputAudio: 10, outputAudio: 20 },
    source: 'its model page, 2025',
  },
};

/** A fine-tuned model is named `ft:<base>:<organization>:…`; its price stands at `ft:<base>`. */
const fineTunes: readonly (readonly [bases: readonly string[], figures: Figures])[] = [
  [
    ['o4-mini', 'o4-mini-2025-04-16'],
    [4, 1, 16],
  ],
  [
    ['gpt-4.1', 'gpt-4.1-2025-04-14'],
    [3, 0.75, 12],
  ],
  [
    ['gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
    [0.8, 0.2, 3.2],
  ],
  [
    ['gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'],
    [0.2, 0.05, 0.8],
  ],
  [
    ['gpt-4o', 'gpt-4o-2024-08-06'],
    [3.75, 1.875, 15],
  ],
  [
    ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
    [0.3, 0.15, 1.2],
  ],
  [
    ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125', 'gpt-3.5-turbo-1106', 'gpt-3.5-turbo-0613'],
    [3, undefined, 6],
  ],
  [['davinci-002'], [12, undefined, 12]],
  [['babbage-002'], [1.6, undefined, 1.6]],
];

const fineTuned: Readonly<Record<string, ModelPrice>> = Object.fromEntries(
  fineTunes.flatMap(([bases, figures]) =>
    bases.map((base) => [`ft:${base}`, { tokens: rates(figures) }]),
  ),
);

export const publishedPrices: Readonly<Record<string, ModelPrice>> = {
  ...flagships,
  ...earlier,
  ...specialized,
  ...fineTuned,
};
