import assert from 'node:assert/strict';
import type { Clock } from '../../base/clock.ts';
import { type Amounts, NO_AMOUNTS } from '../../ledger/amounts.ts';
import type {
  Balance,
  BalanceRule,
  CalendarRule,
  Claim,
  ConcurrencyRule,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  RateRule,
  RollingRule,
  Rule,
} from '../../ledger/ledger.ts';

/** A clock that stands still until a test moves it. */
export interface SettableClock extends Clock {
  /** Moves the clock to `nowMs`, Unix ms. */
  set(nowMs: number): void;
}

/** What a case receives: its own empty ledger and the clock that the ledger reads. */
export interface CaseContext {
  readonly ledger: Ledger;
  readonly clock: SettableClock;
}

export interface Case {
  readonly title: string;
  /** The case moves the clock, so it needs a store that reads the given clock. */
  readonly movesClock?: true;
  run(context: CaseContext): Promise<void>;
}

/** 2026-11-02T00:00:00Z: a multiple of all windows in the cases. */
export const START_MS = 1_793_577_600_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export const LEASE: Lease = { durationMs: MINUTE_MS, dispatched: false };
export const DISPATCHED: Lease = { durationMs: MINUTE_MS, dispatched: true };

export function settableClock(startMs: number): SettableClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    set: (value) => {
      nowMs = value;
    },
  };
}

/** Wrong amounts stay as they are given. */
export const amounts = (given: Partial<Amounts>): Amounts => ({ ...NO_AMOUNTS, ...given });

/** The window of `START_MS` and the next one, as a caller with a correct clock computes them. */
export function daily(amount: number, more: Partial<CalendarRule> = {}): CalendarRule {
  const windows = [
    { startMs: START_MS, endMs: START_MS + DAY_MS },
    { startMs: START_MS + DAY_MS, endMs: START_MS + 2 * DAY_MS },
  ] as const;
  return { kind: 'calendar', key: 'tokens/day', unit: 'tokens', amount, windows, ...more };
}

export function rolling(amount: number, windowMs = DAY_MS): RollingRule {
  return { kind: 'rolling', key: `tokens/${windowMs}`, unit: 'tokens', amount, windowMs };
}

export function rate(amount: number, burst: number): RateRule {
  const key = 'tokens/minute~rate';
  return { kind: 'rate', key, unit: 'tokens', amount, burst, periodMs: MINUTE_MS };
}

export function concurrent(amount: number): ConcurrencyRule {
  return { kind: 'concurrent', key: 'concurrent', unit: 'concurrent', amount };
}

export function balance(amount: number, more: Partial<BalanceRule> = {}): BalanceRule {
  return { kind: 'balance', key: 'tokens/ever', unit: 'tokens', amount, ...more };
}

/** The shared accounts of the suite: this one, and those of groups. Every other account is of one user. */
export const GLOBAL = 'global';
const GROUP = 'group:';

export const claim = (rule: Rule, account = 'user:ada'): Claim => ({
  account,
  scope: account === GLOBAL || account.startsWith(GROUP) ? 'shared' : 'own',
  rule,
});

/** A limit on whose account and unit credits take what does not fit. */
export const spilling = (rule: CalendarRule | RollingRule, account?: string): Claim =>
  claim({ ...rule, spills: true }, account);

/** The credits of the suite's user, in tokens. */
export const CREDITS = claim(balance(0, { key: 'tokens/credits', isCredit: true }));

export async function buyCredits(ledger: Ledger, count: number): Promise<void> {
  assert.equal(await ledger.credit(`buy ${count}`, [CREDITS], tokens(count)), 'done');
}

/** One call of `count` tokens in one slot. */
export const tokens = (count: number): Amounts =>
  amounts({ requests: 1, tokens: count, concurrent: 1 });

export async function granted(decision: Promise<Granted | NotGranted>): Promise<Granted> {
  const answer = await decision;
  assert.equal(answer.granted, true, 'the reserve had to be granted');
  return answer as Granted;
}

export async function denied(decision: Promise<Granted | NotGranted>): Promise<NotGranted> {
  const answer = await decision;
  assert.equal(answer.granted, false, 'the reserve had to be denied');
  return answer as NotGranted;
}

export async function balanceOf(ledger: Ledger, of: Claim): Promise<Balance> {
  const [balance] = await ledger.read([of]);
  assert.ok(balance, 'a read answers one balance for each claim');
  return balance;
}

/** Reserves and settles, so that `count` tokens are used immediately. */
export async function use(ledger: Ledger, id: string, of: Claim, count: number): Promise<void> {
  await granted(ledger.reserve(id, [of], tokens(count), DISPATCHED));
  assert.equal(await ledger.settle(id, { ...tokens(count), concurrent: 0 }), 'done');
}

export async function assertCounts(
  ledger: Ledger,
  of: Claim,
  expected: Pick<Balance, 'used' | 'held'>,
): Promise<void> {
  const { used, held } = await balanceOf(ledger, of);
  assert.deepEqual({ used, held }, expected);
}

/** Asserts what is used and held of each claim, in order. */
export async function assertAllCount(
  ledger: Ledger,
  claims: readonly Claim[],
  expected: readonly (readonly [used: number, held: number])[],
): Promise<void> {
  const balances = await ledger.read(claims);
  assert.deepEqual(
    balances.map(({ used, held }) => [used, held]),
    expected,
  );
}
