import type { ParsedTokenPrices } from './model-price.ts';

/** Prices of one token, in pico-USD (1e-12), so that every published price is a whole number. */
export interface Rates {
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly cacheWriteLong: number;
  readonly inputImage: number;
  readonly inputAudio: number;
  readonly output: number;
  readonly outputImage: number;
  readonly outputAudio: number;
}

export type RateName = keyof Rates;

/** Rates for requests with more than `aboveInputTokens` of input; they price the whole request. */
export interface RateStep {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
}

/** In rising order. The first step is above zero. */
export type RateSteps = readonly RateStep[];

const PICO_PER_USD_PER_MILLION = 1_000_000;
const pico = (usdPerMillion: number) => Math.round(usdPerMillion * PICO_PER_USD_PER_MILLION);

export const usdPerMillion = (rate: number): number => rate / PICO_PER_USD_PER_MILLION;

export function stepsOf({ long, ...tokens }: ParsedTokenPrices): RateSteps {
  const steps = [{ aboveInputTokens: 0, rates: ratesOf(tokens) }];
  if (long === undefined) return steps;
  const { aboveInputTokens, input = tokens.input, output = tokens.output, ...details } = long;
  return [...steps, { aboveInputTokens, rates: ratesOf({ ...tokens, ...details, input, output }) }];
}

export function ratesOf(usd: Omit<ParsedTokenPrices, 'long'>): Rates {
  const { input, output, cacheWrite = input, inputAudio = input } = usd;
  return {
    input: pico(input),
    cached: pico(usd.cached ?? input),
    cacheWrite: pico(cacheWrite),
    cacheWriteLong: pico(usd.cacheWriteLong ?? cacheWrite),
    inputImage: pico(usd.inputImage ?? input),
    inputAudio: pico(Math.max(inputAudio, usd.cachedAudio ?? 0)),
    output: pico(output),
    outputImage: pico(usd.outputImage ?? output),
    outputAudio: pico(usd.outputAudio ?? output),
  };
}

/** Returns the step that prices a request with this much input. */
export function stepAt<Step extends { readonly aboveInputTokens: number }>(
  steps: readonly Step[],
  inputTokens: number,
): Step {
  let [found] = steps;
  for (const step of steps) if (inputTokens > step.aboveInputTokens) found = step;
  if (found === undefined) throw new TypeError('"steps": is empty');
  return found;
}

const mapRates = (rates: Rates, change: (rate: number, name: RateName) => number): Rates =>
  Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [name, change(rate, name as RateName)]),
  ) as unknown as Rates;

/** A product of two decimals may be off in its last digits; what remains is rounded up. */
const timesUp = (rate: number, factor: number) => Math.ceil(rate * factor - 1e-6);

export const scaled = (steps: RateSteps, factor: number): RateSteps =>
  steps.map((step) => ({ ...step, rates: mapRates(step.rates, (rate) => timesUp(rate, factor)) }));

export const dearestRates = (a: Rates, b: Rates): Rates =>
  mapRates(a, (rate, name) => Math.max(rate, b[name]));

/** Of two prices, the dearer rate of each kind at each length. */
export function dearestSteps(a: RateSteps, b: RateSteps): RateSteps {
  return startsOf(a, b).map((aboveInputTokens) => {
    const [one, other] = [stepAt(a, aboveInputTokens + 1), stepAt(b, aboveInputTokens + 1)];
    return { aboveInputTokens, rates: dearestRates(one.rates, other.rates) };
  });
}

/** Where a tier has no price for a length that the standard tier prices apart, the dearer of both counts. */
export function completedBy(tier: RateSteps, standard: RateSteps): RateSteps {
  const dearest = dearestSteps(tier, standard);
  return dearest.map(
    (step) => tier.find((own) => own.aboveInputTokens === step.aboveInputTokens) ?? step,
  );
}

const startsOf = (...all: readonly RateSteps[]): number[] =>
  [...new Set(all.flat().map((step) => step.aboveInputTokens))].sort((a, b) => a - b);
