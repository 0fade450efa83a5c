import { type Amounts, amounts } from '../../ledger/amounts.ts';
import { type RateCard, upperBoundNanoUsd } from './rate-card.ts';

/** What bounds the cost of one call, apart from its input. */
export interface BoundParts {
  /** Tokens of all choices of all prompts together. */
  readonly outputCapTokens: number;
  /** The tier that is sent; `undefined` where there are none. */
  readonly serviceTier: string | undefined;
  /** Some of its tokens may be audio. */
  readonly audio: boolean;
  /** The most that hosted tools can charge, in nano-USD. */
  readonly hostedFeesNanoUsd: number;
}

/** Knows the most that one call can use, in the units beyond the request itself. */
export interface Bound {
  /** Its money is bounded by the price of the model. */
  readonly priced: boolean;
  /** Without a `rateCard` the tokens cost nothing. */
  most(
    parts: BoundParts,
    rateCard: RateCard | undefined,
    inputTokens: number,
  ): Readonly<Partial<Amounts>>;
}

const ONE_REQUEST = amounts({ requests: 1, concurrent: 1 });

/** The most that a call can use, in every unit. A call without a bound uses one request. */
export function boundOf(
  call: BoundParts & { readonly bound: Bound | undefined },
  rateCard: RateCard | undefined,
  inputTokens: number,
): Amounts {
  if (call.bound === undefined) return ONE_REQUEST;
  return amounts({ requests: 1, concurrent: 1, ...call.bound.most(call, rateCard, inputTokens) });
}

/** The bound of a model that reads and writes tokens. */
export const tokenBound: Bound = {
  priced: true,
  most(parts, rateCard, inputTokens) {
    const outputTokens = parts.outputCapTokens;
    const nanoUsd = boundNanoUsd(parts, rateCard, inputTokens, outputTokens);
    return tokenAmounts(inputTokens, outputTokens, nanoUsd);
  },
};

/** Tokens and what they cost, in every unit that counts them. */
export function tokenAmounts(inputTokens: number, outputTokens: number, nanoUsd: number) {
  return { inputTokens, outputTokens, tokens: inputTokens + outputTokens, nanoUsd };
}

/** The most that these tokens and the hosted tools of the call can cost. */
export function boundNanoUsd(
  { serviceTier, audio, hostedFeesNanoUsd }: Omit<BoundParts, 'outputCapTokens'>,
  rateCard: RateCard | undefined,
  inputTokens: number,
  outputTokens: number,
): number {
  if (rateCard === undefined) return hostedFeesNanoUsd;
  const tokens = { inputTokens, outputTokens, audio };
  return upperBoundNanoUsd(rateCard, tokens, serviceTier) + hostedFeesNanoUsd;
}
