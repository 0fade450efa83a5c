/** What a limit counts. Money is counted in integer nano-USD (1 USD = 1e9), rounded up. */
export type Unit =
  | 'requests'
  | 'tokens'
  | 'inputTokens'
  | 'outputTokens'
  | 'nanoUsd'
  | 'concurrent';

/** What one call takes (held) or took (used), in every unit at once; non-negative integers. */
export type Amounts = Readonly<Record<Unit, number>>;

const UNITS: readonly Unit[] = [
  'requests',
  'tokens',
  'inputTokens',
  'outputTokens',
  'nanoUsd',
  'concurrent',
];

/** A wrong amount is refused before anything is counted; one NaN would make a counter useless. */
export function assertAmounts(amounts: Amounts): void {
  const { requests, tokens, inputTokens, outputTokens, nanoUsd, concurrent } = amounts;
  const areCounts = isAmount(requests) && isAmount(concurrent) && isAmount(nanoUsd);
  if (areCounts && isAmount(tokens) && isAmount(inputTokens) && isAmount(outputTokens)) return;
  for (const unit of UNITS) if (!isAmount(amounts[unit])) throw wrongAmount(unit, amounts[unit]);
}

export function assertGifts(amounts: Amounts): void {
  for (const unit of UNITS) {
    const amount = amounts[unit];
    if (!isAmount(amount) && amount !== Number.POSITIVE_INFINITY) throw wrongAmount(unit, amount);
  }
}

function isAmount(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount >= 0;
}

function wrongAmount(unit: Unit, amount: unknown): TypeError {
  const range = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;
  return new TypeError(`"${unit}" must be ${range}, not ${String(amount)}`);
}

export const NO_AMOUNTS: Amounts = {
  requests: 0,
  concurrent: 0,
  inputTokens: 0,
  outputTokens: 0,
  tokens: 0,
  nanoUsd: 0,
};
