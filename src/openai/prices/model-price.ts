import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import { canonicalTier } from './service-tiers.ts';

/** The cheapest model ever listed cost 0.005 per million (2026-11); the dearest, 600. */
const USD_PER_MILLION_MIN = 0.001;
const USD_PER_MILLION_MAX = 10_000;

const usd = z
  .number()
  .refine(
    (value) => value === 0 || (value >= USD_PER_MILLION_MIN && value <= USD_PER_MILLION_MAX),
    `must be 0, or USD per million tokens from ${USD_PER_MILLION_MIN} to ${USD_PER_MILLION_MAX}; a price per token must be multiplied by 1,000,000`,
  );

const detailsShape = {
  /** Input that was read from the cache. Without it, `input`. */
  cached: usd.optional(),
  /** Input that was written to the cache. Without it, `input`. */
  cacheWrite: usd.optional(),
  /** Input that was written to the cache for longer than by default. Without it, `cacheWrite`. */
  cacheWriteLong: usd.optional(),
  /** Images in the input. Without it, `input`. */
  inputImage: usd.optional(),
  /** Audio in the input. Without it, `input`. */
  inputAudio: usd.optional(),
  /** Audio that was read from the cache. Without it, `inputAudio`. Usage does not show which cached tokens
   * were audio, so the dearer of both counts. */
  cachedAudio: usd.optional(),
  /** Images in the output. Without it, `output`. */
  outputImage: usd.optional(),
  /** Audio in the output. Without it, `output`. */
  outputAudio: usd.optional(),
};

const longShape = {
  /** Above how many input tokens these prices replace the others, for the whole request; at least 1. */
  aboveInputTokens: z.int().min(1),
  /** Input. Without it, the price below that length. */
  input: usd.optional(),
  /** Output. Without it, the price below that length. */
  output: usd.optional(),
  ...detailsShape,
};

/** The prices of a request whose input is long, in USD per million tokens. */
export interface LongTokenPrices
  extends RequiredOptions<typeof longShape>,
    OptionalOptions<typeof longShape> {}

interface ParsedLong extends ParsedOptions<typeof longShape> {}

const long: z.ZodType<ParsedLong, LongTokenPrices> = optionsSchema(longShape);

const tokensShape = {
  /** Input; 0, or 0.001 to 10,000. */
  input: usd,
  /** Output, reasoning included; 0 for a model that writes no tokens (embeddings). */
  output: usd,
  ...detailsShape,
  /** Replaces these prices, for the whole request, above a length of input. */
  long: long.optional(),
};

/** What tokens cost, in USD per million tokens, as on a price list. */
export interface TokenPrices
  extends RequiredOptions<typeof tokensShape>,
    OptionalOptions<typeof tokensShape> {}

export interface ParsedTokenPrices extends ParsedOptions<typeof tokensShape> {}

const tokens: z.ZodType<ParsedTokenPrices, TokenPrices> = optionsSchema(tokensShape);

const feeUsd = z.number().min(0).max(1_000);

const searchesShape = {
  /** The fee for one search, in USD; 0 to 1,000. */
  usdPerCall: feeUsd,
  /** The most searches in one request; 1 to 1,000. */
  maxPerRequest: z.int().min(1).max(1_000),
};

/** The searches of a model that searches by itself, without a tool in the request. */
export interface OwnSearches
  extends RequiredOptions<typeof searchesShape>,
    OptionalOptions<typeof searchesShape> {}

const searches: z.ZodType<OwnSearches, OwnSearches> = optionsSchema(searchesShape);

const factor = z.number().gt(0).max(100);

const tiers = z
  .record(z.string().min(1), z.union([factor, tokens], 'must be a factor, or prices like "tokens"'))
  .refine(
    (all) => !('default' in all || 'standard' in all),
    'must not have the standard tier, whose price is "tokens"',
  )
  .refine(
    (all) => new Set(Object.keys(all).map(canonicalTier)).size === Object.keys(all).length,
    'must not name one tier twice',
  )
  .readonly();

const date = z.iso.date('must be a date like "2026-11-21"');

const priceShape = {
  /** What tokens cost in the standard tier. */
  tokens,
  /** The other service tiers, each with its own prices, or a factor on `tokens`: `fast` (also called
   * `priority`), `flex`, `ultrafast`. A tier that is not here has no price. A price without `tiers` is
   * the price of whatever tier an answer names. */
  tiers: tiers.optional(),
  /** Charged for each request on top of its tokens, in USD; 0 to 1,000.
   * @default 0 */
  perRequest: feeUsd.default(0),
  /** Marks a model that searches by itself. It then counts as the hosted tool `web_search`. */
  searches: searches.optional(),
  /** The context of the model, in tokens: what a conversation that OpenAI keeps may bring. Without it, the
   * guard knows that of OpenAI's models; any other counts as the largest. */
  context: z.int().min(1).optional(),
  /** `false`: the answer shows all output that is billed, so a call that was cut is charged what was
   * delivered. Without it, the guard knows which of OpenAI's models hide none. */
  hiddenOutput: z.boolean().optional(),
  /** The first day of this price. Before it, the built-in price counts. */
  from: date.optional(),
  /** The last day of this price. After it, the dearer of this price and the built-in one counts, and each
   * day's first call emits `failed`. */
  until: date.optional(),
  /** Where the price comes from. The guard ignores it. */
  source: z.string().optional(),
};

/** The price of one model. */
export interface ModelPrice
  extends RequiredOptions<typeof priceShape>,
    OptionalOptions<typeof priceShape> {}

export interface ParsedModelPrice extends ParsedOptions<typeof priceShape> {}

const modelPrice: z.ZodType<ParsedModelPrice, ModelPrice> = optionsSchema(priceShape);

const likeShape = {
  /** The model whose price is copied. Its own name means the built-in price. */
  like: z.string().min(1),
  /** Multiplies what its tokens cost; above 0, at most 100.
   * @default 1 */
  factor: factor.default(1),
};

/** The price of another model: for the name of a deployment, a region, a reseller. */
export interface LikePrice
  extends RequiredOptions<typeof likeShape>,
    OptionalOptions<typeof likeShape> {}

export interface ParsedLikePrice extends ParsedOptions<typeof likeShape> {}

const likePrice: z.ZodType<ParsedLikePrice, LikePrice> = optionsSchema(likeShape);

/** Prices by the exact name of a model. */
export type ModelPrices = Readonly<Record<string, ModelPrice | LikePrice>>;

export type ParsedPrice = ParsedModelPrice | ParsedLikePrice;
export type ParsedPrices = ReadonlyMap<string, ParsedPrice>;

const table = z.record(z.string().min(1), z.record(z.string(), z.unknown(), 'must be an object'));

/** `TypeError` names the price that is not plausible, such as one that was given per token. */
export function parsePrices(given: unknown, path = 'prices'): ParsedPrices {
  const entries = Object.entries(parseOrThrow(table, given, path));
  return new Map(
    entries.map(([model, entry]): [string, ParsedPrice] => {
      const schema: z.ZodType<ParsedPrice> = 'like' in entry ? likePrice : modelPrice;
      return [model, parseOrThrow(schema, entry, `${path}.${model}`)];
    }),
  );
}
