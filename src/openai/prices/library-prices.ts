import { undated } from './model-names.ts';
import type { ParsedTokenPrices } from './model-price.ts';
import { type Price, standardPrice } from './price.ts';
import {
  type ListedModel,
  type ListedPrices,
  listedModel,
  listedPrices,
  type NameMatch,
} from './price-list.ts';
import { dearestSteps, type RateSteps, ratesOf } from './rates.ts';

/** A pattern counts only from the start of a name to a date at its end. */
const DATED_PATTERN = /^\^.*\\d\{4\}-\\d\{2\}-\\d\{2\}\$$/;

/**
 * The price of the standard tier in `@pydantic/genai-prices`. The library also finds models by parts of a
 * name, and without case: that is a guess (`gpt-5-nano-pro` would cost what `gpt-5-nano` does), so a match
 * counts only if it is the exact name, a name and a date, or a pattern that says so. Where the price changes
 * with the hour, as at DeepSeek, it is the dearest of the day.
 */
export function libraryPrice(model: string, date: Date, providerId: string): Price | undefined {
  const hours = providerId === OPENAI ? [date] : hoursOf(date);
  const listed = libraryModel(model, providerId);
  const found = hours.map((hour) => listed && stepsIn(listed, listedPrices(listed, hour)));
  const [first, ...others] = found.filter((steps) => steps !== undefined);
  return first && standardPrice(others.reduce(dearestSteps, first));
}

/** OpenAI's name in the library. Its prices are the same at every hour. */
export const OPENAI = 'openai';

const HOUR_MS = 3_600_000;
const HOURS = 24;

function hoursOf(date: Date): Date[] {
  const dayMs = date.getTime() - (date.getTime() % (HOURS * HOUR_MS));
  return Array.from({ length: HOURS }, (_, hour) => new Date(dayMs + hour * HOUR_MS));
}

function libraryModel(model: string, providerId: string): ListedModel | undefined {
  const found = listedModel(providerId, model);
  if (found !== undefined && isNamed(model, found)) return found;
  const base = undated(model);
  if (base === model) return undefined;
  const dated = listedModel(providerId, base);
  return dated?.id === base ? dated : undefined;
}

const isNamed = (name: string, { id, match }: ListedModel): boolean =>
  name === id || isExactMatch(name, match);

function isExactMatch(name: string, match: NameMatch): boolean {
  if ('or' in match) return match.or.some((one) => isExactMatch(name, one));
  if ('equals' in match) return name === match.equals;
  return 'regex' in match && DATED_PATTERN.test(match.regex) && new RegExp(match.regex).test(name);
}

/** Keys of the library that a chat, response or embedding can be charged by. */
const tokenKeys = new Set([
  'input_mtok',
  'cache_read_mtok',
  'cache_write_mtok',
  'input_audio_mtok',
  'cache_audio_read_mtok',
  'output_mtok',
  'output_audio_mtok',
]);
/** Fees of hosted tools, which have their own table. */
const toolKeys = new Set(['web_searches_kcount', 'storage_searches_kcount']);

function stepsIn({ id }: ListedModel, prices: ListedPrices): RateSteps | undefined {
  const keys = Object.keys(prices);
  // Tokens do not show what is also charged by the hour, the image or the call.
  if (!keys.every((key) => tokenKeys.has(key) || toolKeys.has(key))) return undefined;
  if (prices['input_mtok'] === undefined) return undefined;
  // An audio model without a price for audio would be charged as if it wrote text.
  if (id.includes('audio') && !keys.includes('input_audio_mtok')) return undefined;
  const writes = prices['output_mtok'] !== undefined;
  if (!writes && !id.includes('embed')) return undefined;
  return startsIn(prices).map((start) => ({
    aboveInputTokens: aboveOf(start),
    rates: ratesOf(pricesAt(prices, start)),
  }));
}

function startsIn(prices: ListedPrices): number[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map((tier) => tier.start) : [],
  );
  return [...new Set([0, ...starts])].sort((a, b) => a - b);
}

/** OpenAI's long context begins above 272,000 tokens; some entries of the library say one token less. */
const aboveOf = (start: number): number => (start === 271_999 ? 272_000 : start);

function pricesAt(prices: ListedPrices, start: number): Omit<ParsedTokenPrices, 'long'> {
  const usd = (key: string) => {
    const price = prices[key];
    if (typeof price !== 'object') return price;
    return price.tiers.filter((tier) => tier.start <= start).at(-1)?.price ?? price.base;
  };
  return {
    input: usd('input_mtok') ?? 0,
    cached: usd('cache_read_mtok'),
    cacheWrite: usd('cache_write_mtok'),
    inputAudio: usd('input_audio_mtok'),
    cachedAudio: usd('cache_audio_read_mtok'),
    output: usd('output_mtok') ?? 0,
    outputAudio: usd('output_audio_mtok'),
  };
}
