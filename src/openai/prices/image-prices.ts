/** Tokens of an image model, which are not part of the usage of the model that called it. */
export interface ImageTokens {
  readonly inputTokens: number;
  /** Part of `inputTokens`. */
  readonly inputImageTokens: number;
  readonly outputTokens: number;
}

/** Prices of one token of an image model, in pico-USD. */
interface ImageRates {
  readonly text: number;
  readonly inputImage: number;
  readonly output: number;
}

/** What an image of the tool `image_generation` costs. */
export interface ImagePrice {
  readonly rates: ImageRates;
  /** The most output tokens of one image. `undefined` where no bound is known. */
  readonly outputTokens: number | undefined;
}

type Row = readonly [low: number, medium: number, high: number];
type Sizes = Readonly<Record<string, Row>>;

/** Output tokens by size and quality. Source: OpenAI's guide "Image generation", a copy of 2026-10. */
const gptImage1: Sizes = {
  '1024x1024': [272, 1_056, 4_160],
  '1024x1536': [408, 1_584, 6_240],
  '1536x1024': [400, 1_568, 6_208],
};

/**
 * The same for `gpt-image-2`. Source: the calculator of that guide as others read it on 2026-09-05. The
 * tokens of medium quality follow from a price of $0.053 (2026-04). Where only high quality is known, it
 * stands for those below it; where only the square is known, which costs the most, it stands for the others.
 */
const gptImage2: Sizes = {
  '1024x1024': [196, 1_784, 7_024],
  '1024x1536': [196, 1_784, 5_488],
  '1536x1024': [196, 1_784, 5_488],
  '2048x2048': [14_272, 14_272, 14_272],
  '2560x1440': [7_370, 7_370, 7_370],
  '3840x2160': [13_342, 13_342, 13_342],
};

const pico = (usdPerMillion: number) => usdPerMillion * 1_000_000;
const rates = (text: number, inputImage: number, output: number): ImageRates => ({
  text: pico(text),
  inputImage: pico(inputImage),
  output: pico(output),
});

/** USD per million tokens: text in, images in, images out. Source: OpenAI's price page, a copy of 2026-09. */
const models: ReadonlyMap<string, readonly [ImageRates, Sizes]> = new Map([
  ['gpt-image-1', [rates(5, 10, 40), gptImage1]],
  ['gpt-image-1-mini', [rates(2, 2.5, 8), gptImage1]],
  ['gpt-image-1.5', [rates(5, 8, 32), gptImage1]],
  ['gpt-image-2', [rates(5, 8, 30), gptImage2]],
  // Their tokens for one quality differ, so no bound is known.
  ['gpt-image-2.5-sunburst', [rates(5, 8, 30), {}]],
  ['gpt-image-2.5-flare', [rates(5, 8, 30), {}]],
]);

const QUALITIES = ['low', 'medium', 'high'];
const dated = /-\d{4}-\d{2}-\d{2}$/;

/** Returns what an image costs, or `undefined` for a model without a known price. */
export function imagePrice(model: string, quality: string, size: string): ImagePrice | undefined {
  const [rates, sizes] = models.get(model.replace(dated, '')) ?? [];
  if (rates === undefined) return undefined;
  return { rates, outputTokens: sizes?.[size]?.[QUALITIES.indexOf(quality)] };
}

/** Whether the most that such an image can cost is known. */
export const hasImagePrice = (model: string, quality: string, size: string): boolean =>
  imagePrice(model, quality, size)?.outputTokens !== undefined;

const PICO_PER_NANO = 1_000;

/** Cached input counts as the rest, because an answer may leave out how much was cached. */
export function imageCostNanoUsd(rates: ImageRates, tokens: ImageTokens): number {
  const { inputTokens, inputImageTokens, outputTokens } = tokens;
  const picoUsd =
    (inputTokens - inputImageTokens) * rates.text +
    inputImageTokens * rates.inputImage +
    outputTokens * rates.output;
  return Math.ceil(picoUsd / PICO_PER_NANO);
}
