import { asObject } from './usage-rules.ts';

/** A thousandth of a nano-USD: finer than any price, and coarser than the noise of a double. */
const PICO_PER_USD = 1e12;
const PICO_PER_NANO = 1_000;
/** 1 USD is 10^10 ticks. */
const TICKS_PER_USD = 1e10;
const TICKS_PER_NANO = 10;
/** No answer costs more. */
const REPORTED_USD_MAX = 1_000;

/**
 * Returns what a host says that an answer costs, in nano-USD, rounded up; `undefined` if it says nothing.
 * OpenRouter: `cost` in credits, which are US dollars. With a provider's own key (`is_byok`) that is only
 * OpenRouter's fee, and `cost_details.upstream_inference_cost` is billed by the provider. Where it does not
 * say whose key it was, the larger amount counts (types of `@openrouter/sdk` 1.3.19, 2026-11). xAI:
 * `cost_in_usd_ticks` (docs.x.ai, cost tracking, 2026-11).
 */
export function reportedNanoUsd(usage: unknown): number | undefined {
  const json = asObject(usage);
  const ticks = json?.['cost_in_usd_ticks'];
  if (ticks !== undefined) return nanoUsdOfTicks(ticks);
  const cost = amountOf(json?.['cost']);
  if (json === undefined || cost === undefined) return undefined;
  const details = asObject(json['cost_details']);
  const ofProvider = amountOf(details?.['upstream_inference_cost']) ?? 0;
  return nanoUsdOfCost(totalOf(cost, ofProvider, json['is_byok']));
}

function totalOf(cost: number, ofProvider: number, isByok: unknown): number {
  if (isByok === false) return cost;
  return isByok === true ? cost + ofProvider : Math.max(cost, ofProvider);
}

const amountOf = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= REPORTED_USD_MAX ? value : undefined;

function nanoUsdOfTicks(ticks: unknown): number | undefined {
  const usd = typeof ticks === 'number' ? ticks / TICKS_PER_USD : undefined;
  return amountOf(usd) === undefined ? undefined : Math.ceil((ticks as number) / TICKS_PER_NANO);
}

const nanoUsdOfCost = (usd: number): number =>
  Math.ceil(Math.round(usd * PICO_PER_USD) / PICO_PER_NANO);
