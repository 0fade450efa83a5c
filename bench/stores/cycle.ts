import { type Amounts, amounts } from '../../src/ledger/amounts.ts';
import type { Claim, Ledger } from '../../src/ledger/ledger.ts';
import type { LimitSpec } from '../../src/plans/limit-spec.ts';
import type { LedgerSource } from './ledger-source.ts';

/** Makes one call of a contender, the `index`th. */
export type Call = (index: number) => Promise<unknown>;

/** The limits of a call, and the users. */
export interface CycleSettings {
  /** The number of the user's own limits, at most 20. */
  readonly own: number;
  /** Whether there is also one global limit. */
  readonly withGlobal: boolean;
  readonly users: number;
  /** Makes the claims of all users before the first call, as the guard keeps them. By default they are made
   * at each call, so that only what the ledger keeps is in memory. */
  readonly premade?: boolean;
}

export const USERS = 10_000;
/** More than any run uses, so that every call is granted. */
export const UNLIMITED = 1e12;
const OWN_LIMITS = ownLimits();
const GLOBAL_LIMIT: LimitSpec = { usd: 1_000_000, per: 'day' };
const HELD = amounts({
  requests: 1,
  tokens: 1_500,
  inputTokens: 500,
  outputTokens: 1_000,
  nanoUsd: 2_000_000,
  concurrent: 1,
});
const USED: Amounts = { ...HELD, tokens: 700, outputTokens: 200, nanoUsd: 450_000, concurrent: 0 };
const LEASE = { durationMs: 90_000, dispatched: true };

/** Typical limits of an app: each kind once, then more of the same over other periods. */
function ownLimits(): readonly LimitSpec[] {
  const more = (['day', 'week', 'year'] as const).flatMap((per): LimitSpec[] => [
    { requests: UNLIMITED, per },
    { tokens: UNLIMITED, per },
    { inputTokens: UNLIMITED, per },
    { outputTokens: UNLIMITED, per },
    { usd: 1_000_000, per },
  ]);
  return [
    { requests: UNLIMITED, per: '24h' },
    { requests: UNLIMITED, per: 'minute', burst: UNLIMITED },
    { tokens: UNLIMITED, per: 'month' },
    { concurrent: 1_000 },
    { usd: 1_000_000, per: 'month' },
    ...more,
  ];
}

/** Visits every user in turn, but never two neighbours in a row. */
export const userOf = (index: number, users: number = USERS): number => (index * 7_919) % users;

/** Reserves and settles one call of one of many users. Throws unless both took effect. */
export function cycleOf(source: LedgerSource, ledger: Ledger, settings: CycleSettings): Call {
  const claimsOf = claimsFor(source, settings);
  return async (index) => {
    // Unique among all processes that count in one place.
    const id = `call-${process.pid}-${index}`;
    const { granted } = await ledger.reserve(id, claimsOf(index), HELD, LEASE);
    if (!granted || (await ledger.settle(id, USED)) !== 'done') throw new Error('not counted');
  };
}

const DONE = Promise.resolve();

/** The same, as the guard calls a ledger in its own process: without promises, and with reused claims. */
export function inProcessCycleOf(
  source: LedgerSource,
  { inProcess }: Ledger,
  settings: CycleSettings,
): Call {
  if (inProcess === undefined) throw new TypeError('the ledger has no "inProcess" verbs');
  const claimsOf = claimsFor(source, { ...settings, premade: true });
  return (index) => {
    const decision = inProcess.reserve(`call-${index}`, claimsOf(index), HELD, LEASE);
    if (!decision.granted || inProcess.settle(decision.hold, USED) !== 'done') {
      throw new Error('not counted');
    }
    return DONE;
  };
}

function claimsFor(
  source: LedgerSource,
  { own, withGlobal, users, premade = false }: CycleSettings,
): (index: number) => readonly Claim[] {
  const limits = source.parseLimits(OWN_LIMITS.slice(0, own), 'limits');
  const globals = source.parseLimits(withGlobal ? [GLOBAL_LIMIT] : [], 'limits');
  const make = (user: number): readonly Claim[] => {
    const nowMs = Date.now();
    const claims = (of: typeof limits, account: string, scope: Claim['scope']) => {
      // The baseline's name of an account, which it knows by this word if all users share it.
      const subject = scope === 'shared' ? 'everybody' : account;
      const ruleOf = (limit: (typeof of)[number]) => limit.ruleFor({ id: `${user}` }, nowMs);
      return of.map((limit) => ({ account, scope, rule: ruleOf(limit), subject }));
    };
    return [...claims(limits, `user:${user}`, 'own'), ...claims(globals, 'global', 'shared')];
  };
  if (!premade) return (index) => make(userOf(index, users));
  const made = Array.from({ length: users }, (_, user) => make(user));
  return (index) => made[userOf(index, users)] ?? [];
}
