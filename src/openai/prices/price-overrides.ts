import { z } from 'zod';
import { parseOrThrow } from '../../base/parse-or-throw.ts';

/** USD per million tokens, as on a price list. */
export interface ModelPriceOverride {
  readonly inputUsdPerMillion: number;
  /** 0 for a model that writes no tokens (embeddings). */
  readonly outputUsdPerMillion: number;
  /** Default as input. */
  readonly cachedInputUsdPerMillion?: number | undefined;
  /** Default as input. */
  readonly cacheWriteUsdPerMillion?: number | undefined;
  /** Default as input. */
  readonly inputAudioUsdPerMillion?: number | undefined;
  /** Default as output. */
  readonly outputAudioUsdPerMillion?: number | undefined;
  /** Prices for the whole request, above a length of input; they replace those above. */
  readonly longContext?:
    | (Partial<Omit<ModelPriceOverride, 'longContext'>> & { readonly aboveInputTokens: number })
    | undefined;
}

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
  cachedInputUsdPerMillion: usd.optional(),
  cacheWriteUsdPerMillion: usd.optional(),
  inputAudioUsdPerMillion: usd.optional(),
  outputAudioUsdPerMillion: usd.optional(),
};

const overridesShape = z.record(
  z.string().min(1),
  z.strictObject({
    inputUsdPerMillion: usd,
    outputUsdPerMillion: usd,
    ...otherPrices,
    longContext: z
      .strictObject({
        aboveInputTokens: z.int().min(1),
        inputUsdPerMillion: usd.optional(),
        outputUsdPerMillion: usd.optional(),
        ...otherPrices,
      })
      .optional(),
  }),
);

/** Throws a TypeError that names a price that is not plausible, such as one written per token. */
export function parsePriceOverrides(overrides: unknown): Record<string, ModelPriceOverride> {
  return parseOrThrow(overridesShape, overrides, 'prices') as Record<string, ModelPriceOverride>;
}
