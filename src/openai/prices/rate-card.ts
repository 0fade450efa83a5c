import type { Usage } from '../../core/usage.ts';

/** Prices of one token, in pico-USD (1e-12), so that every published price is a whole number. */
export interface Rates {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly inputAudio: number;
  readonly output: number;
  readonly outputAudio: number;
}

/** Rates for requests with more than `aboveInputTokens` of input; they reprice the whole request. */
interface RateTier {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
  /** The dearest of this tier and all below it, because a request may turn out shorter. */
  readonly inputMax: number;
  readonly outputMax: number;
}

/** Prices of a model, by the length of its input. The first tier starts at zero. */
export interface RateCard {
  readonly tiers: readonly RateTier[];
}

/** Returns the tiers in rising order, each with the dearest rates up to it. */
export function rateCard(steps: readonly (readonly [number, Rates])[]): RateCard {
  let inputMax = 0;
  let outputMax = 0;
  const tiers = steps.map(([aboveInputTokens, rates]) => {
    const { input, cachedInput, cacheWrite, inputAudio, output, outputAudio } = rates;
    inputMax = Math.max(inputMax, input, cachedInput, cacheWrite, inputAudio);
    outputMax = Math.max(outputMax, output, outputAudio);
    return { aboveInputTokens, rates, inputMax, outputMax };
  });
  return { tiers };
}

/**
 * The factor of each service tier on all token prices. Source: the `_priority`, `_flex` and `_batches`
 * columns of BerriAI/litellm's price table at commit 00035b69 (2026-07).
 */
const tierMultipliers: ReadonlyMap<string, number> = new Map([
  ['default', 1],
  ['priority', 2],
  ['flex', 0.5],
  ['batch', 0.5],
]);
const DEAREST_MULTIPLIER = Math.max(...tierMultipliers.values());

function multiplierOf(serviceTier: string | undefined): number {
  if (serviceTier === undefined) return 1;
  return tierMultipliers.get(serviceTier) ?? DEAREST_MULTIPLIER;
}

const PICO_PER_NANO = 1_000;

function tierFor({ tiers }: RateCard, inputTokens: number): RateTier {
  let [found] = tiers;
  for (const tier of tiers) if (inputTokens > tier.aboveInputTokens) found = tier;
  if (found === undefined) throw new TypeError('"card": has no rates');
  return found;
}

/**
 * Returns what OpenAI bills for this usage, in nano-USD, rounded up. Without a `serviceTier` it is the
 * standard tier. An unknown tier costs as much as the dearest known one. Each token is counted once, as
 * the dearest of the kinds that may overlap.
 */
export function costNanoUsd(card: RateCard, usage: Usage, serviceTier?: string): number {
  const { rates } = tierFor(card, usage.inputTokens);
  let plain = usage.inputTokens;
  const audio = Math.min(plain, usage.inputAudioTokens);
  plain -= audio;
  const written = Math.min(plain, usage.cacheWriteTokens);
  plain -= written;
  const cached = Math.min(plain, usage.cachedInputTokens);
  plain -= cached;
  const spoken = Math.min(usage.outputTokens, usage.outputAudioTokens);
  const picoUsd =
    plain * rates.input +
    cached * rates.cachedInput +
    written * rates.cacheWrite +
    audio * rates.inputAudio +
    (usage.outputTokens - spoken) * rates.output +
    spoken * rates.outputAudio;
  return Math.ceil((picoUsd * multiplierOf(serviceTier)) / PICO_PER_NANO);
}

/**
 * Returns the most that `costNanoUsd` can return for any usage within these tokens, in nano-USD. Every
 * token counts at the dearest rate of its side, in the dearest tier within reach. A service tier that is
 * cheaper than the standard one saves nothing here, because OpenAI may serve the call at standard.
 */
export function upperBoundNanoUsd(
  card: RateCard,
  tokens: { readonly inputTokens: number; readonly outputTokens: number },
  serviceTier?: string,
): number {
  const { inputMax, outputMax } = tierFor(card, tokens.inputTokens);
  const picoUsd = tokens.inputTokens * inputMax + tokens.outputTokens * outputMax;
  return Math.ceil((picoUsd * Math.max(1, multiplierOf(serviceTier))) / PICO_PER_NANO);
}
