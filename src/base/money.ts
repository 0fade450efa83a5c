/** Money is counted in whole nano-USD. No other file converts it. */
const NANO_USD_PER_USD = 1e9;
const NANO_USD_PER_MICRO_USD = 1_000;

/** More dollars than this cannot be counted exactly in a double. */
export const USD_MAX = Math.floor(Number.MAX_SAFE_INTEGER / NANO_USD_PER_USD);

/** Returns the nearest whole nano-USD: for an amount that somebody wrote. */
export const nanoUsdOf = (usd: number): number => Math.round(usd * NANO_USD_PER_USD);

/** Returns whole nano-USD, rounded up: for what a call may cost. */
export const nanoUsdUp = (usd: number): number => Math.ceil(usd * NANO_USD_PER_USD);

/** Whether an amount is 0, or large enough to be counted. */
export const isCountableUsd = (usd: number): boolean => usd === 0 || usd * NANO_USD_PER_USD >= 1;

export const usdOf = (nanoUsd: number): number => nanoUsd / NANO_USD_PER_USD;

export const microUsdOf = (nanoUsd: number): number => nanoUsd / NANO_USD_PER_MICRO_USD;
