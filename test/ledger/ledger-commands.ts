/** Random sequences of ledger calls, as data, so that two ledgers can run the same one. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Amounts, Unit } from '../../src/ledger/amounts.ts';
import type { Claim, Lease, Ledger, Rule } from '../../src/ledger/ledger.ts';
import {
  amounts,
  claim,
  GLOBAL,
  type SettableClock,
  spilling,
} from '../../src/testing/ledger-conformance/case.ts';

export type Verbs = Omit<Ledger, 'records'>;

const CALENDAR_MS = 8_192;
const IDS = [...'abcdefghijkl'];

const SHARED = ['tokens/8s', 'usd/8s', 'tpm'];
const isShared = ({ key }: Rule): boolean => SHARED.includes(key);
const GROUPS = ['group:a', 'group:b', 'group:c', 'group:d'];

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
    { kind: 'balance', key: 'tokens/ever', ...tokens, amount: limit * 3 },
  ];
}
const RULES = rulesOf(0, 0).map((_, index) => index);

/** What was bought of one unit. */
const creditsIn = (unit: Unit, account: string): Claim =>
  claim({ kind: 'balance', key: `${unit}/credits`, unit, amount: 0, isCredit: true }, account);

const cost = fc.record({
  requests: fc.constantFrom(0, 1),
  tokens: fc.oneof(fc.nat(12), fc.constantFrom(15, 25)),
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
const anyone = fc.record({
  rules: fc.subarray(RULES, { minLength: 1 }),
  shadows: fc.oneof(fc.constant<number[]>([]), fc.subarray(RULES)),
  spills: fc.constantFrom(true, true, false),
  hasCredits: fc.constantFrom(true, true, false),
  groups: fc.oneof(fc.constant<string[]>([]), fc.shuffledSubarray(GROUPS)),
  user: fc.constantFrom('ada', 'bob'),
  limit: fc.constantFrom(20, 20, 10, 10, 4, 0),
  hasGlobal: fc.boolean(),
  skewMs: fc.constantFrom(0, 0, 0, -CALENDAR_MS, CALENDAR_MS),
});
/** A user who mostly pays by credits. */
const buyer: fc.Arbitrary<Choice> = fc.record({
  rules: fc.constantFrom([1], [2, 5], [1, 2, 5]),
  shadows: fc.constant([]),
  spills: fc.constant(true),
  hasCredits: fc.constant(true),
  groups: fc.constantFrom([], ['group:a']),
  user: fc.constant('ada'),
  limit: fc.constantFrom(20, 10, 4, 0),
  hasGlobal: fc.constant(false),
  skewMs: fc.constant(0),
});
const choice = fc.oneof(anyone, buyer);
type Choice = typeof anyone extends fc.Arbitrary<infer Value> ? Value : never;

/** The claims of a user, of their groups and of all users. */
function claimsOf(chosen: Choice, nowMs: number): Claim[] {
  const { rules, user, limit, groups, hasGlobal, skewMs } = chosen;
  const own = rulesOf(limit, nowMs + skewMs);
  const shared = rulesOf(60, nowMs + skewMs).map((rule) => isShared(rule) && rule);
  return [
    ...claimsOn(
      `user:${user}`,
      own.map((rule, index) => rules.includes(index) && rule),
      chosen,
    ),
    ...[...groups, ...(hasGlobal ? [GLOBAL] : [])].flatMap((account) =>
      claimsOn(account, shared, chosen),
    ),
  ];
}

/** `rules`: false in the place of one that does not apply. */
function claimsOn(
  account: string,
  rules: readonly (Rule | false)[],
  { shadows, spills, hasCredits }: Choice,
): Claim[] {
  const claims = rules.flatMap((rule, index) => {
    if (rule === false) return [];
    if (shadows.includes(index)) return [claim({ ...rule, shadow: true }, account)];
    const maySpill = rule.kind === 'rolling' || rule.kind === 'calendar';
    return [spills && maySpill ? spilling(rule, account) : claim(rule, account)];
  });
  if (!hasCredits) return claims;
  return [...claims, creditsIn('tokens', account), creditsIn('requests', account)];
}

type Ask = (ledger: Verbs, clock: { nowMs(): number }) => Promise<unknown>;
const verb = <Value>(of: fc.Arbitrary<Value>, ask: (value: Value) => Ask) =>
  of.map((value) => ({ ask: ask(value), name: `${ask.name} ${fc.stringify(value)}` }));

const full = (given: Partial<Amounts>): Amounts => amounts(given);
const gift = fc.oneof(
  cost,
  fc.constant({ requests: 3, tokens: 30 }),
  fc.constant({ tokens: Number.POSITIVE_INFINITY }),
);

const verbs = fc.oneof(
  { weight: 8, arbitrary: verb(fc.tuple(id, choice, cost, lease), reserve) },
  { weight: 6, arbitrary: verb(fc.tuple(id, cost), settle) },
  { weight: 3, arbitrary: verb(fc.tuple(id, fc.boolean()), release) },
  { weight: 2, arbitrary: verb(fc.tuple(id, lease), renew) },
  { weight: 2, arbitrary: verb(choice, read) },
  { weight: 3, arbitrary: verb(fc.tuple(id, choice, gift), credit) },
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
