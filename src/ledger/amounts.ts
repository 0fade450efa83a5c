import { nanoUsdOf, usdOf } from '../base/money.ts';

/**
 * What a ledger can count. This file is the only one that lists the units: a new unit is added here, and
 * the type checker names every other file that has to give it a meaning. Redis stores amounts in this
 * order, so a new unit goes to the end.
 */
export const UNITS = [
  'requests',
  'tokens',
  'inputTokens',
  'outputTokens',
  'nanoUsd',
  'concurrent',
  'upstreamTokens',
  'images',
  'seconds',
] as const;

/**
 * What a ledger counts. Money is counted in integer nano-USD (1 USD = 1e9), rounded up. `upstreamTokens` are
 * the tokens that a call takes of an upstream's rate limit, as the upstream counts them before it answers.
 * `images` are images that were made, and `seconds` are seconds of audio, rounded up.
 */
export type Unit = (typeof UNITS)[number];

/** What one call takes (held) or took (used), in every unit at once; non-negative integers. */
export type Amounts = Readonly<Record<Unit, number>>;

export type MutableAmounts = Record<Unit, number>;

/** Units that a limit of a plan, a token or all users can be in. Users are never shown the others. */
export type LimitableUnit = Exclude<Unit, 'upstreamTokens'>;

export const isLimitable = (unit: Unit): unit is LimitableUnit => unit !== 'upstreamTokens';

/** The names that options, denials and `users.usage` have for units. Money is in dollars there. */
const unitNames = {
  requests: 'requests',
  tokens: 'tokens',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  nanoUsd: 'usd',
  concurrent: 'concurrent',
  images: 'images',
  seconds: 'seconds',
} as const satisfies Readonly<Record<LimitableUnit, string>>;

export type UnitName = (typeof unitNames)[LimitableUnit];

/** Units of which something is used up; calls in flight only hold `concurrent`. */
export type CountedUnit = Exclude<Unit, 'concurrent'>;

export const isCounted = (unit: Unit): unit is CountedUnit => unit !== 'concurrent';

export type CountedUnitName = (typeof unitNames)[CountedUnit & LimitableUnit];

export const unitName = <U extends LimitableUnit>(unit: U): (typeof unitNames)[U] =>
  unitNames[unit];

export const isMoney = (unit: Unit): boolean => unit === 'nanoUsd';

/** Returns an amount as people read and write it: money in dollars. */
export const shownAmount = (unit: Unit, amount: number): number =>
  isMoney(unit) ? usdOf(amount) : amount;

/** Returns the amount that was written in this way; the nearest one for money. */
export const writtenAmount = (unit: Unit, written: number): number =>
  isMoney(unit) ? nanoUsdOf(written) : written;

/** Returns a new object with 0 in every unit. */
export function zeroAmounts(): MutableAmounts {
  return {
    requests: 0,
    tokens: 0,
    inputTokens: 0,
    outputTokens: 0,
    nanoUsd: 0,
    concurrent: 0,
    upstreamTokens: 0,
    images: 0,
    seconds: 0,
  };
}

export const NO_AMOUNTS: Amounts = zeroAmounts();

/** Returns these amounts, with 0 in every other unit. Engines are faster if all amounts have one shape,
 * so they are made here. */
export function amounts({
  requests = 0,
  tokens = 0,
  inputTokens = 0,
  outputTokens = 0,
  nanoUsd = 0,
  concurrent = 0,
  upstreamTokens = 0,
  images = 0,
  seconds = 0,
}: Partial<Amounts>): Amounts {
  return {
    requests,
    tokens,
    inputTokens,
    outputTokens,
    nanoUsd,
    concurrent,
    upstreamTokens,
    images,
    seconds,
  };
}

/** Returns one amount for each unit. */
export function amountsBy(amountOf: (unit: Unit) => number): MutableAmounts {
  const made = zeroAmounts();
  for (const unit of UNITS) made[unit] = amountOf(unit);
  return made;
}

/** Returns `amounts[unit]`, which engines do not make fast where the unit changes from call to call. */
export function amountIn(amounts: Amounts, unit: Unit): number {
  switch (unit) {
    case 'requests':
      return amounts.requests;
    case 'tokens':
      return amounts.tokens;
    case 'inputTokens':
      return amounts.inputTokens;
    case 'outputTokens':
      return amounts.outputTokens;
    case 'nanoUsd':
      return amounts.nanoUsd;
    case 'concurrent':
      return amounts.concurrent;
    case 'upstreamTokens':
      return amounts.upstreamTokens;
    case 'images':
      return amounts.images;
    case 'seconds':
      return amounts.seconds;
  }
}

/** Throws a `TypeError` for a wrong amount before anything is counted: one NaN would spoil a counter. */
export function assertAmounts(amounts: Amounts): void {
  for (const unit of UNITS) {
    const amount = amountIn(amounts, unit);
    if (!isAmount(amount)) throw wrongAmount(unit, amount);
  }
}

/** The same for `credit`, where `Infinity` forgives what was used. */
export function assertCredits(amounts: Amounts): void {
  for (const unit of UNITS) {
    const amount = amountIn(amounts, unit);
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
