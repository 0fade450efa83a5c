import { calcPrice } from '@pydantic/genai-prices';
import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../../base/clock.ts';
import {
  type ModelPrice,
  type ModelPriceOverride,
  parsePriceOverrides,
} from './price-overrides.ts';
import { type RateCard, type Rates, rateCard } from './rate-card.ts';

export interface PriceList {
  /** `undefined`: no price by tokens is known. That does not mean that it is free. */
  find(model: string): RateCard | undefined;
}

const CACHED_MODELS_MAX = 1_000;
const DAY_MS = 86_400_000;

/**
 * Prices of OpenAI's models: the operator's overrides by exact name first, then the data of
 * `@pydantic/genai-prices`, as of today. Throws a TypeError when an override is not plausible.
 */
export function priceList(
  overrides: Readonly<Record<string, ModelPriceOverride>> = {},
  clock: Clock = systemClock,
): PriceList {
  const own = new Map(
    Object.entries(parsePriceOverrides(overrides)).map(([model, price]) => [model, cardOf(price)]),
  );
  const cache = new LRUCache<string, { readonly card: RateCard | undefined }>({
    max: CACHED_MODELS_MAX,
  });
  let cachedDay = 0;
  return {
    find(model) {
      const card = own.get(model);
      if (card !== undefined) return card;
      const day = Math.floor(clock.nowMs() / DAY_MS);
      // Prices change by date.
      if (day !== cachedDay) cache.clear();
      cachedDay = day;
      const cached = cache.get(model);
      if (cached !== undefined) return cached.card;
      const found = publishedCard(model, new Date(clock.nowMs()));
      cache.set(model, { card: found });
      return found;
    },
  };
}

const PICO_PER_USD_PER_MILLION = 1_000_000;
const pico = (usdPerMillion: number) => Math.round(usdPerMillion * PICO_PER_USD_PER_MILLION);

function cardOf(price: ModelPrice): RateCard {
  const base = ratesOf(price);
  const { longContext: long } = price;
  if (long === undefined) return rateCard([[0, base]]);
  const {
    inputUsdPerMillion = price.inputUsdPerMillion,
    outputUsdPerMillion = price.outputUsdPerMillion,
  } = long;
  const above = ratesOf({ ...price, ...long, inputUsdPerMillion, outputUsdPerMillion });
  return rateCard([
    [0, base],
    [long.aboveInputTokens, above],
  ]);
}

function ratesOf(price: Omit<ModelPrice, 'longContext'>): Rates {
  const input = pico(price.inputUsdPerMillion);
  const output = pico(price.outputUsdPerMillion);
  const or = (usd: number | undefined, otherwise: number) =>
    usd === undefined ? otherwise : pico(usd);
  return {
    input,
    cachedInput: or(price.cachedInputUsdPerMillion, input),
    cacheWrite: or(price.cacheWriteUsdPerMillion, input),
    inputAudio: or(price.inputAudioUsdPerMillion, input),
    output,
    outputAudio: or(price.outputAudioUsdPerMillion, output),
  };
}

type Published = NonNullable<ReturnType<typeof calcPrice>>['model_price'];

/** Keys of the price data that a chat, response or embedding can be charged by. */
const tokenKeys = new Set([
  'input_mtok',
  'cache_read_mtok',
  'cache_write_mtok',
  'input_audio_mtok',
  'cache_audio_read_mtok',
  'output_mtok',
  'output_audio_mtok',
]);
/** Fees of hosted tools, which plans state. */
const toolKeys = new Set(['web_searches_kcount', 'storage_searches_kcount']);

function publishedCard(model: string, timestamp: Date): RateCard | undefined {
  const found = calcPrice({}, model, { providerId: 'openai', timestamp });
  if (found === null) return undefined;
  const prices = found.model_price;
  const keys = Object.keys(prices);
  // Tokens do not show what is also charged by the hour, the image or the call.
  if (!keys.every((key) => tokenKeys.has(key) || toolKeys.has(key))) return undefined;
  if (prices['input_mtok'] === undefined) return undefined;
  // An audio model without a price for audio would be charged as if it wrote text.
  if (found.model.id.includes('audio') && !keys.includes('input_audio_mtok')) return undefined;
  const writes = prices['output_mtok'] !== undefined;
  if (!writes && !found.model.id.includes('embedding')) return undefined;
  return rateCard(
    tierStarts(prices).map((start) => [start, publishedRates(prices, start)] as const),
  );
}

function tierStarts(prices: Published): number[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map((tier) => tier.start) : [],
  );
  return [...new Set([0, ...starts])].sort((a, b) => a - b);
}

function publishedRates(prices: Published, start: number): Rates {
  const usd = (key: string) => {
    const price = prices[key];
    if (typeof price !== 'object') return price;
    return price.tiers.filter((tier) => tier.start <= start).at(-1)?.price ?? price.base;
  };
  return ratesOf({
    inputUsdPerMillion: usd('input_mtok') ?? 0,
    cachedInputUsdPerMillion: usd('cache_read_mtok'),
    cacheWriteUsdPerMillion: usd('cache_write_mtok'),
    inputAudioUsdPerMillion: usd('input_audio_mtok'),
    outputUsdPerMillion: usd('output_mtok') ?? 0,
    outputAudioUsdPerMillion: usd('output_audio_mtok'),
  });
}
