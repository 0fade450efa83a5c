/** Random sequences of ledger calls, as data, so that two ledgers can run the same one. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Amounts } from '../../src/ledger/amounts.ts';
import type { Claim, Lease, Ledger, Rule } from '../../src/ledger/ledger.ts';
import {
  amounts,
  claim,
  GLOBAL,
  type SettableClock,
} from '../../src/testing/ledger-conformance/case.ts';

export type Verbs = Omit<Ledger, 'records'>;

const CALENDAR_MS = 8_192;
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

const SHARED = ['tokens/8s', 'usd/8s', 'tpm'];
const isShared = ({ key }: Rule): boolean => SHARED.includes(key);

/** Rates are fractions of a power of two, so that arithmetic has the same result in any order. */
function rulesOf(limit: number, nowMs: number): readonly Rule[] {
  const startMs = Math.floor(nowMs / CALENDAR_MS) * CALENDAR_MS;
  const windowAt = (atMs: number) => ({ startMs: atMs, endMs: atMs + CALENDAR_MS });
  const windows = [windowAt(startMs), windowAt(startMs + CALENDAR_MS)] as const;
  const tokens = { unit: 'tokens', amount: limit } as const;
  const rate = { ...tokens, amount: 8, periodMs: 4_096, burst: Math.max(1, limit) };
  return [
    { kind: 'rate', key: 'tokens/4s~rate', ...rate },
    { kind: 'rolling', key: 'tokens/6s', ...tokens, windowMs: 6_144 },
    { kind: 'calendar', key: 'tokens/8s', ...tokens, windows },
    { kind: 'calendar', key: 'usd/8s', unit: 'nanoUsd', amount: limit * 3, windows },
    { kind: 'concurrent', key: 'concurrent', unit: 'concurrent', amount: Math.ceil(limit / 4) },
    { kind: 'rolling', key: 'requests/1s', unit: 'requests', amount: limit, windowMs: 1_008 },
    { kind: 'rate', key: 'requests/4s~rate', ...rate, unit: 'requests' },
    { kind: 'rate', key: 'tpm', ...rate, unit: 'upstreamTokens', burst: 16 + limit },
  ];
}

const cost = fc.record({
  requests: fc.constantFrom(0, 1),
  tokens: fc.nat(12),
  nanoUsd: fc.nat(20),
  upstreamTokens: fc.nat(12),
  concurrent: fc.constant(1),
});
const lease = fc.record({
  durationMs: fc.integer({ min: 1, max: 5_000 }),
  dispatched: fc.boolean(),
});
const id = fc.constantFrom(...IDS);
/** The rules, account, limit and time skew of a call. A changed limit is just another choice. */
const choice = fc.record({
  rules: fc.subarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
  user: fc.constantFrom('ada', 'bob'),
  limit: fc.constantFrom(20, 20, 20, 10, 4, 0),
  hasGlobal: fc.boolean(),
  skewMs: fc.constantFrom(0, 0, 0, -CALENDAR_MS, CALENDAR_MS),
});
type Choice = typeof choice extends fc.Arbitrary<infer Value> ? Value : never;

function claimsOf({ rules, user, limit, hasGlobal, skewMs }: Choice, nowMs: number): Claim[] {
  const all = rulesOf(limit, nowMs + skewMs);
  const own = all.filter((_, index) => rules.includes(index));
  const shared = hasGlobal ? rulesOf(30, nowMs + skewMs).filter(isShared) : [];
  return [
    ...own.map((rule) => claim(rule, `user:${user}`)),
    ...shared.map((rule) => claim(rule, GLOBAL)),
  ];
}

type Ask = (ledger: Verbs, clock: { nowMs(): number }) => Promise<unknown>;
const verb = <Value>(of: fc.Arbitrary<Value>, ask: (value: Value) => Ask) =>
  of.map((value) => ({ ask: ask(value), name: `${ask.name} ${fc.stringify(value)}` }));

const full = (given: Partial<Amounts>): Amounts => amounts(given);
const gift = fc.oneof(cost, fc.constant({ tokens: Number.POSITIVE_INFINITY }));

const verbs = fc.oneof(
  { weight: 6, arbitrary: verb(fc.tuple(id, choice, cost, lease), reserve) },
  { weight: 3, arbitrary: verb(fc.tuple(id, cost), settle) },
  { weight: 3, arbitrary: verb(fc.tuple(id, fc.boolean()), release) },
  { weight: 2, arbitrary: verb(fc.tuple(id, lease), renew) },
  { weight: 2, arbitrary: verb(choice, read) },
  { weight: 1, arbitrary: verb(fc.tuple(id, choice, gift), credit) },
);

function reserve([of, chosen, held, until]: [string, Choice, Partial<Amounts>, Lease]): Ask {
  return (ledger, clock) => ledger.reserve(of, claimsOf(chosen, clock.nowMs()), full(held), until);
}
function settle([of, used]: [string, Partial<Amounts>]): Ask {
  return (ledger) => ledger.settle(of, full(used));
}
function release([of, keepsRates]: [string, boolean]): Ask {
  return (ledger) => ledger.release(of, { keepsRates });
}
function renew([of, until]: [string, Lease]): Ask {
  return (ledger) => ledger.renew(of, until);
}
function read(chosen: Choice): Ask {
  return (ledger, clock) => ledger.read(claimsOf(chosen, clock.nowMs()));
}
function credit([of, chosen, given]: [string, Choice, Partial<Amounts>]): Ask {
  return (ledger, clock) => ledger.credit(of, claimsOf(chosen, clock.nowMs()), full(given));
}

/** Mostly small steps, sometimes a whole window, sometimes backwards. */
const passMs = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.nat(900) },
  { weight: 2, arbitrary: fc.nat(9_000) },
  { weight: 1, arbitrary: fc.integer({ min: -9_000, max: -1 }) },
);

/** One step: time passes, then a verb is called. */
export const step = fc.record({ passMs, verb: verbs });
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Runs both ledgers through the same steps. Throws at the first answer that differs. */
export async function assertSameLife(
  steps: readonly Step[],
  clock: SettableClock,
  ledger: Verbs,
  reference: Verbs,
): Promise<void> {
  let latestMs = clock.nowMs();
  // Callers are at most one window away from the ledger's time, as its interface requires.
  const callers = { nowMs: () => latestMs };
  for (const { passMs, verb } of steps) {
    clock.set(clock.nowMs() + passMs);
    latestMs = Math.max(latestMs, clock.nowMs());
    const expected = await verb.ask(reference, callers);
    expect(await verb.ask(ledger, callers), verb.name).toEqual(expected);
  }
}

/**
 * The same with all steps of a turn called at once. The ledger must answer them like the reference,
 * which runs them one by one.
 */
export async function assertSameTurns(
  turns: readonly (readonly Step[])[],
  clock: SettableClock,
  ledger: Verbs,
  reference: Verbs,
): Promise<void> {
  let latestMs = clock.nowMs();
  const callers = { nowMs: () => latestMs };
  for (const steps of turns) {
    clock.set(clock.nowMs() + (steps[0]?.passMs ?? 0));
    latestMs = Math.max(latestMs, clock.nowMs());
    const answers = Promise.all(steps.map(({ verb }) => verb.ask(ledger, callers)));
    const expected: unknown[] = [];
    for (const { verb } of steps) expected.push(await verb.ask(reference, callers));
    expect(await answers, steps.map(({ verb }) => verb.name).join('\n')).toEqual(expected);
  }
}
