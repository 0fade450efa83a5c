import { z } from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';

/** The cheapest model ever listed cost 0.02 per million (2026-11); the dearest, 600. */
const USD_PER_MILLION_MIN = 0.001;
const USD_PER_MILLION_MAX = 10_000;

const usd = z
  .number()
  .refine(
    (value) => value === 0 || (value >= USD_PER_MILLION_MIN && value <= USD_PER_MILLION_MAX),
    `must be 0, or USD per million tokens from ${USD_PER_MILLION_MIN} to ${USD_PER_MILLION_MAX}; a price per token must be multiplied by 1,000,000`,
  );

const otherPrices = {
  /** Input that OpenAI read from its cache. Without it, `inputUsdPerMillion`. */
  cachedInputUsdPerMillion: usd.optional(),
  /** Input that OpenAI wrote to its cache. Without it, `inputUsdPerMillion`. */
  cacheWriteUsdPerMillion: usd.optional(),
  /** Audio in the input. Without it, `inputUsdPerMillion`. */
  inputAudioUsdPerMillion: usd.optional(),
  /** Audio in the output. Without it, `outputUsdPerMillion`. */
  outputAudioUsdPerMillion: usd.optional(),
};

const longContextShape = {
  /** Above how many input tokens these prices replace the others; at least 1. */
  aboveInputTokens: z.int().min(1),
  /** Input. Without it, the price below that length. */
  inputUsdPerMillion: usd.optional(),
  /** Output. Without it, the price below that length. */
  outputUsdPerMillion: usd.optional(),
  ...otherPrices,
};

/** The prices of a request whose input is long, in USD per million tokens. */
export interface LongContextPrice
  extends RequiredOptions<typeof longContextShape>,
    OptionalOptions<typeof longContextShape> {}

interface ParsedLongContext extends ParsedOptions<typeof longContextShape> {}

const longContext: z.ZodType<ParsedLongContext, LongContextPrice> = optionsSchema(longContextShape);

const priceShape = {
  /** Input, in USD per million tokens; 0, or 0.001 to 10,000. */
  inputUsdPerMillion: usd,
  /** Output, reasoning included; 0 for a model that writes no tokens (embeddings). */
  outputUsdPerMillion: usd,
  ...otherPrices,
  /** Replaces these prices, for the whole request, above a length of input. */
  longContext: longContext.optional(),
};

/** The prices of one model in USD per million tokens, as on a price list. */
export interface ModelPriceOverride
  extends RequiredOptions<typeof priceShape>,
    OptionalOptions<typeof priceShape> {}

/** The same, parsed. */
export interface ModelPrice extends ParsedOptions<typeof priceShape> {}

const overrides = z.record(z.string().min(1), optionsSchema(priceShape));

/** `TypeError` names the price that is not plausible, such as one that was given per token. */
export function parsePriceOverrides(given: unknown): Readonly<Record<string, ModelPrice>> {
  return parseOrThrow(overrides, given, 'prices');
}
