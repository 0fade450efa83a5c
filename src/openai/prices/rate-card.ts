import { nanoUsdUp } from '../../base/money.ts';
import type { Usage } from '../../core/usage.ts';
import type { Price } from './price.ts';
import {
  completedBy,
  dearestRates,
  dearestSteps,
  type RateName,
  type RateStep,
  type RateSteps,
  type Rates,
  stepAt,
} from './rates.ts';
import { canonicalTier, isStandardTier } from './service-tiers.ts';

/** Some tokens of one side that have a rate of their own. */
interface Kind {
  readonly countIn: (usage: Usage) => number;
  readonly rate: number;
}

/** The tokens of one side. Kinds are in falling order of their rate. */
interface Side {
  readonly plainRate: number;
  /** Kinds that cost at least as much as plain tokens. */
  readonly dear: readonly Kind[];
  readonly cheap: readonly Kind[];
}

interface PricedStep {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
  readonly input: Side;
  readonly output: Side;
}

/** The dearest rates up to a length of input, because a request may turn out shorter. */
interface MostStep {
  readonly aboveInputTokens: number;
  readonly input: number;
  readonly output: number;
  /** The same, where tokens may be audio. */
  readonly inputOrAudio: number;
  readonly outputOrAudio: number;
}

/** What one service tier costs. */
interface TierRates {
  readonly steps: readonly PricedStep[];
  /** Of this tier and of the standard tier, because OpenAI may serve either. */
  readonly most: readonly MostStep[];
}

/** The prices of a model, by service tier and by the length of its input. */
export interface RateCard {
  readonly standard: TierRates;
  /** Without the standard tier. A tier that is not here has no price. */
  readonly tiers: ReadonlyMap<string, TierRates>;
  /** What a tier without a price costs where an answer names it: the dearest of all tiers. */
  readonly unknownTier: TierRates;
  /** Charged for each request on top of its tokens. */
  readonly nanoUsdPerRequest: number;
  /** The model searches by itself, and each search has this fee. `costNanoUsd` does not count it. */
  readonly searches:
    | { readonly nanoUsdPerCall: number; readonly maxPerRequest: number }
    | undefined;
  /** What the operator says of it; `undefined` when they say nothing. */
  readonly contextTokens: number | undefined;
  /** The same. */
  readonly hiddenOutput: boolean | undefined;
}

export function rateCard(price: Price): RateCard {
  const { standard, searches, contextTokens, hiddenOutput } = price;
  const tiers = [...price.tiers].map(([name, steps]): [string, RateSteps] => [
    name,
    completedBy(steps, standard),
  ]);
  const dearest = tiers.reduce((all, [, steps]) => dearestSteps(all, steps), standard);
  return {
    standard: tierRates(standard, standard),
    tiers: new Map(tiers.map(([name, steps]) => [name, tierRates(steps, standard)])),
    unknownTier: tierRates(dearest, standard),
    nanoUsdPerRequest: nanoUsdUp(price.usdPerRequest),
    searches: searches && {
      nanoUsdPerCall: nanoUsdUp(searches.usdPerCall),
      maxPerRequest: searches.maxPerRequest,
    },
    contextTokens,
    hiddenOutput,
  };
}

const tierRates = (steps: RateSteps, standard: RateSteps): TierRates => ({
  steps: steps.map((step) => ({
    ...step,
    input: sideOf(step.rates, step.rates.input, INPUT_KINDS),
    output: sideOf(step.rates, step.rates.output, OUTPUT_KINDS),
  })),
  most: mostSteps(dearestSteps(steps, standard)),
});

type KindCounts = readonly (readonly [name: RateName, countIn: Kind['countIn']])[];

/** The details of a usage. Tokens of no kind cost `input` or `output`. */
const INPUT_KINDS: KindCounts = [
  ['cacheWriteLong', (usage) => usage.cacheWriteLongTokens],
  ['cacheWrite', (usage) => Math.max(0, usage.cacheWriteTokens - usage.cacheWriteLongTokens)],
  ['inputAudio', (usage) => usage.inputAudioTokens],
  ['inputImage', (usage) => usage.inputImageTokens],
  ['cached', (usage) => usage.cachedInputTokens],
];
const OUTPUT_KINDS: KindCounts = [
  ['outputAudio', (usage) => usage.outputAudioTokens],
  ['outputImage', (usage) => usage.outputImageTokens],
];

function sideOf(rates: Rates, plainRate: number, counts: KindCounts): Side {
  const kinds = counts
    .map(([name, countIn]) => ({ countIn, rate: rates[name] }))
    .sort((a, b) => b.rate - a.rate);
  return {
    plainRate,
    dear: kinds.filter(({ rate }) => rate >= plainRate),
    cheap: kinds.filter(({ rate }) => rate < plainRate),
  };
}

function mostSteps(steps: RateSteps): MostStep[] {
  let [{ rates: most }] = steps as readonly [RateStep, ...RateStep[]];
  return steps.map(({ aboveInputTokens, rates }) => {
    most = dearestRates(most, rates);
    const { cached, cacheWrite, cacheWriteLong, inputImage, inputAudio } = most;
    const input = Math.max(most.input, cached, cacheWrite, cacheWriteLong, inputImage);
    const output = Math.max(most.output, most.outputImage);
    const inputOrAudio = Math.max(input, inputAudio);
    const outputOrAudio = Math.max(output, most.outputAudio);
    return { aboveInputTokens, input, output, inputOrAudio, outputOrAudio };
  });
}

function ratesOfTier(card: RateCard, serviceTier: string | undefined): TierRates {
  if (isStandardTier(serviceTier)) return card.standard;
  return card.tiers.get(canonicalTier(serviceTier ?? '')) ?? card.unknownTier;
}

/** Whether its answers have output tokens. Those of embeddings have none. */
export const writes = ({ standard }: RateCard): boolean =>
  standard.most.some(({ output }) => output > 0);

/** Whether this tier has a price of its own. */
export const hasTier = (card: RateCard, serviceTier: string | undefined): boolean =>
  isStandardTier(serviceTier) || card.tiers.has(canonicalTier(serviceTier ?? ''));

const PICO_PER_NANO = 1_000;

/**
 * Returns what OpenAI bills for the tokens of this usage, in nano-USD, rounded up. Without a `serviceTier`
 * it is the standard tier; a tier without a price costs as much as the dearest of the model.
 */
export function costNanoUsd(card: RateCard, usage: Usage, serviceTier?: string): number {
  const { input, output } = stepAt(ratesOfTier(card, serviceTier).steps, usage.inputTokens);
  const picoUsd =
    sideCost(input, usage, usage.inputTokens) + sideCost(output, usage, usage.outputTokens);
  return Math.ceil(picoUsd / PICO_PER_NANO) + card.nanoUsdPerRequest;
}

/**
 * Each token costs once, and dearer kinds count first. If the kinds are more tokens than there are, some
 * tokens are of two kinds; then cheap kinds count only for what they must have beside the dear ones, so
 * that no overlap lowers the cost.
 */
function sideCost({ plainRate, dear, cheap }: Side, usage: Usage, total: number): number {
  let left = total;
  let picoUsd = 0;
  for (const { countIn, rate } of dear) {
    const counted = Math.min(left, countIn(usage));
    picoUsd += counted * rate;
    left -= counted;
  }
  let discounted = overlaps(dear, cheap, usage, total)
    ? Math.min(left, Math.max(0, largest(cheap, usage) - (total - left)))
    : left;
  picoUsd += (left - discounted) * plainRate;
  for (const { countIn, rate } of cheap) {
    const counted = Math.min(discounted, countIn(usage));
    picoUsd += counted * rate;
    discounted -= counted;
  }
  return picoUsd + discounted * plainRate;
}

function overlaps(dear: Side['dear'], cheap: Side['cheap'], usage: Usage, total: number): boolean {
  let named = 0;
  for (const { countIn } of dear) named += countIn(usage);
  for (const { countIn } of cheap) named += countIn(usage);
  return named > total;
}

function largest(kinds: readonly Kind[], usage: Usage): number {
  let most = 0;
  for (const { countIn } of kinds) most = Math.max(most, countIn(usage));
  return most;
}

/** Bounds of the tokens of one call. */
export interface TokenBounds {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Some of them may be audio. */
  readonly audio: boolean;
}

/**
 * Returns the most that `costNanoUsd` can return for any usage within these tokens, in nano-USD, in the
 * tier that was asked for and in the standard one. Every token counts at the dearest rate of its side, at
 * the dearest length within reach.
 */
export function upperBoundNanoUsd(
  card: RateCard,
  { inputTokens, outputTokens, audio }: TokenBounds,
  serviceTier?: string,
): number {
  const most = stepAt(ratesOfTier(card, serviceTier).most, inputTokens);
  const picoUsd = audio
    ? inputTokens * most.inputOrAudio + outputTokens * most.outputOrAudio
    : inputTokens * most.input + outputTokens * most.output;
  return Math.ceil(picoUsd / PICO_PER_NANO) + card.nanoUsdPerRequest;
}
