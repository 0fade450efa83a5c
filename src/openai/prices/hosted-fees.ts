import type { HostedCalls, HostedToolName } from './hosted-tools.ts';
import { type ImagePrice, imageCostNanoUsd } from './image-prices.ts';
import { DEAREST_FEES, SESSION_MS } from './tool-fees.ts';

/** The most that one hosted tool of a request can use. */
export interface HostedUse {
  readonly maxCalls: number;
  /** The fee of what is billed: a search, a call, a session of a container, an image. */
  readonly nanoUsdEach: number;
  /** How many of these one call can be billed as. */
  readonly perCall: number;
  /** How many are charged if the answer shows none. */
  readonly unseen: number;
  readonly inputTokensPerCall: number;
  /** The tokens of an image, whose cost is charged where it is more than `nanoUsdEach`. */
  readonly image: ImagePrice | undefined;
}

/** The hosted tools of one request. */
export type HostedUses = ReadonlyMap<HostedToolName, HostedUse>;

/** What else of a request decides what its hosted tools can cost. */
export interface HostedAsk {
  /** The cap on the calls of all tools together, as it was asked for. */
  readonly calls: unknown;
  readonly choices: number;
  readonly outputTokens: number;
  /** Images that a tool may edit. */
  readonly images: number;
  /** How many sessions a container can be billed for while the answer is awaited. */
  readonly sessions: number;
}

/** What the hosted tools of one request can cost. */
export interface HostedFees {
  /** Calls of all tools together; 0 without any. */
  readonly calls: number;
  readonly mostNanoUsd: number;
  /** What their results, and the answer so far, add to each round of input. */
  readonly extraInputTokens: number;
  /** The fees for the calls of an answer that took this long; the most where the calls are not known. */
  chargedNanoUsd(
    reading: { readonly hostedCalls?: HostedCalls | undefined },
    elapsedMs: number,
  ): number;
}

/** Of a request without hosted tools. What an answer shows of one is charged all the same. */
export const NO_FEES: HostedFees = {
  calls: 0,
  mostNanoUsd: 0,
  extraInputTokens: 0,
  chargedNanoUsd: ({ hostedCalls }, elapsedMs) =>
    hostedCalls === undefined ? 0 : charged(NO_USES, hostedCalls, () => 0, elapsedMs),
};

const NO_USES: HostedUses = new Map();

/** Of two uses of one tool, the most of both. */
export function dearestUse(a: HostedUse, b: HostedUse): HostedUse {
  return {
    maxCalls: Math.max(a.maxCalls, b.maxCalls),
    nanoUsdEach: Math.max(a.nanoUsdEach, b.nanoUsdEach),
    perCall: Math.max(a.perCall, b.perCall),
    unseen: Math.max(a.unseen, b.unseen),
    inputTokensPerCall: Math.max(a.inputTokensPerCall, b.inputTokensPerCall),
    image: dearestImage(a.image, b.image),
  };
}

function dearestImage(
  a: ImagePrice | undefined,
  b: ImagePrice | undefined,
): ImagePrice | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    rates: {
      text: Math.max(a.rates.text, b.rates.text),
      inputImage: Math.max(a.rates.inputImage, b.rates.inputImage),
      output: Math.max(a.rates.output, b.rates.output),
    },
    outputTokens: Math.max(a.outputTokens ?? 0, b.outputTokens ?? 0),
  };
}

/** OpenAI bounds the calls of all tools together, so each call may be one of the dearest tool, while what is
 * charged for another without a call is charged as well. */
export function hostedFees(uses: HostedUses, ask: HostedAsk): HostedFees {
  const all = [...uses.values()];
  const allowed = ask.choices * all.reduce((sum, { maxCalls }) => sum + maxCalls, 0);
  const calls = typeof ask.calls === 'number' ? Math.min(ask.calls, allowed) : allowed;
  const each = (use: HostedUse) => Math.max(use.nanoUsdEach, imageNanoUsd(use, ask));
  const dearest = ([name, use]: readonly [HostedToolName, HostedUse]) =>
    each(use) * use.perCall * (isInContainer(name) ? ask.sessions : 1);
  const longest = Math.max(...all.map(({ inputTokensPerCall }) => inputTokensPerCall));
  const unseen = all.length > 1 ? all.reduce((sum, use) => sum + use.unseen * each(use), 0) : 0;
  const mostNanoUsd = calls * Math.max(...[...uses].map(dearest)) + unseen;
  return {
    calls,
    mostNanoUsd,
    extraInputTokens: calls * longest + ask.outputTokens,
    chargedNanoUsd: ({ hostedCalls }, elapsedMs) =>
      hostedCalls === undefined ? mostNanoUsd : charged(uses, hostedCalls, each, elapsedMs),
  };
}

function charged(
  uses: HostedUses,
  { billed, imageTokens }: HostedCalls,
  each: (use: HostedUse) => number,
  elapsedMs: number,
): number {
  const names = new Set([...uses.keys(), ...(Object.keys(billed) as HostedToolName[])]);
  let nanoUsd = 0;
  for (const name of names) {
    const use = uses.get(name);
    const count = billed[name] ?? use?.unseen ?? 0;
    const price = use?.image;
    if (use !== undefined && price !== undefined && imageTokens !== undefined) {
      nanoUsd += Math.max(imageCostNanoUsd(price.rates, imageTokens), count * use.nanoUsdEach);
    } else {
      const fee = use === undefined ? DEAREST_FEES[name] : each(use);
      nanoUsd += count * fee * (isInContainer(name) ? sessionsIn(elapsedMs) : 1);
    }
  }
  return nanoUsd;
}

const isInContainer = (name: HostedToolName) => name === 'code_interpreter' || name === 'shell';

/** How many sessions a container can be billed for in this time. */
export const sessionsIn = (ms: number): number => Math.max(1, Math.ceil(ms / SESSION_MS));

/** The image model reads the prompt, which the model writes, and the images before it. Their tokens: 4,160
 * or 6,240 for one at high fidelity, and some 65 + 129 a tile (guide "Images and vision", 2026-10). */
const INPUT_IMAGE_TOKENS = 7_000;
/** An edit takes at most this many images (API reference, 2026-10). */
const INPUT_IMAGES_MAX = 16;
const PROMPT_FRAME_TOKENS = 1_000;

/** The most that one image can cost by its tokens; 0 where they are not known. */
function imageNanoUsd({ image, maxCalls }: HostedUse, ask: HostedAsk): number {
  if (image?.outputTokens === undefined) return 0;
  const images = Math.min(INPUT_IMAGES_MAX, ask.images + maxCalls - 1);
  const inputImageTokens = images * INPUT_IMAGE_TOKENS;
  return imageCostNanoUsd(image.rates, {
    inputTokens: inputImageTokens + ask.outputTokens + PROMPT_FRAME_TOKENS,
    inputImageTokens,
    outputTokens: image.outputTokens,
  });
}
