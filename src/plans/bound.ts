import type { Amounts } from '../ledger/ledger.ts';
import type { BuiltRequest } from '../openai/build-request.ts';
import { type RateCard, upperBoundNanoUsd } from '../openai/prices.ts';
import { NO_AMOUNTS } from './accounts.ts';

/** The most that a call can use, in every unit; money is 0 for a model without a price. */
export function boundOf(
  built: BuiltRequest,
  rateCard: RateCard | undefined,
  inputTokens: number,
): Amounts {
  if (built.endpoint.free) return { ...NO_AMOUNTS, requests: 1, concurrent: 1 };
  const outputTokens = built.outputCapTokens;
  return {
    requests: 1,
    concurrent: 1,
    inputTokens,
    outputTokens,
    tokens: inputTokens + outputTokens,
    nanoUsd: boundNanoUsd(built, rateCard, inputTokens, outputTokens),
  };
}

/** The most that these tokens and the call's hosted tools can cost. */
export function boundNanoUsd(
  built: BuiltRequest,
  rateCard: RateCard | undefined,
  inputTokens: number,
  outputTokens: number,
): number {
  const tokens = { inputTokens, outputTokens };
  const tokensNanoUsd =
    rateCard === undefined ? 0 : upperBoundNanoUsd(rateCard, tokens, built.serviceTier);
  return tokensNanoUsd + built.hostedFeesNanoUsd;
}
