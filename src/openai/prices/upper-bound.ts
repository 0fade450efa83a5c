import { nanoUsdUp } from '../../base/money.ts';
import { type Amounts, amounts } from '../../ledger/amounts.ts';
import type { BuiltRequest } from '../request/built-request.ts';
import type { Reserve } from '../request/realtime-allowance.ts';
import { type RateCard, upperBoundNanoUsd } from './prices.ts';

/** The most that a call can use, in every unit; money is 0 for a model without a price. */
export function boundOf(
  built: BuiltRequest,
  rateCard: RateCard | undefined,
  inputTokens: number,
): Amounts {
  if (built.endpoint.free) return amounts({ requests: 1, concurrent: 1 });
  if (built.reserve !== undefined) return boundOfReserve(built.reserve);
  const outputTokens = built.outputCapTokens;
  return amounts({
    requests: 1,
    concurrent: 1,
    inputTokens,
    outputTokens,
    tokens: inputTokens + outputTokens,
    nanoUsd: boundNanoUsd(built, rateCard, inputTokens, outputTokens),
  });
}

function boundOfReserve({ usd, inputTokens, outputTokens }: Reserve): Amounts {
  const tokens = inputTokens + outputTokens;
  const nanoUsd = nanoUsdUp(usd);
  return amounts({ requests: 1, concurrent: 1, inputTokens, outputTokens, tokens, nanoUsd });
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
