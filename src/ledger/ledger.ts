import type { Amounts, Unit } from './amounts.ts';
import type { Records } from './records.ts';

/** What is done with a rule while the store fails; see `onLedgerFailure` of a limit. */
export type OnFailure = 'deny' | 'allow' | 'local';

interface RuleBase {
  /** Names the counter within its account. It stays the same over deploys and plans, so that usage
   * survives an upgrade. */
  readonly key: string;
  /** The unit that it counts. */
  readonly unit: Unit;
  /** The limit itself, in `unit`. 0 denies everything. */
  readonly amount: number;
  /** Read by the guard, never by a store. `undefined` is the default of its kind. */
  readonly onFailure?: OnFailure;
  /**
   * A shadow rule counts and never refuses. A window counts every call that is granted, so `used` may pass the
   * amount. A rate takes nothing for a call that it would refuse, so that it reports as many as it would refuse.
   */
  readonly shadow?: true;
}

interface Spilling {
  /**
   * What does not fit in the rule is taken from the claim with `isCredit` of the same account and unit, if the claims
   * have one: the hold takes what all such rules have room for, and the rest from the credits. A settle posts what
   * was used in the same order. A denial names the rules in which the cost does not fit together with the credits.
   * Never on a shadow rule.
   */
  readonly spills?: true;
}

/** Never more than `amount` in any `windowMs`. Counted in 24 sub-buckets, each of which is freed
 * when it lies outside as a whole. */
export interface RollingRule extends RuleBase, Spilling {
  /** A window that moves with time. */
  readonly kind: 'rolling';
  /** The length of the window, in ms. */
  readonly windowMs: number;
}

/** Half open: `startMs` belongs to the window, `endMs` to the next one. `startMs` identifies it. */
export interface Window {
  /** Unix ms; belongs to the window, and is its identity. */
  readonly startMs: number;
  /** Unix ms; belongs to the next window. */
  readonly endMs: number;
}

/** At most `amount` in the calendar window of the store's now. */
export interface CalendarRule extends RuleBase, Spilling {
  /** A calendar period. */
  readonly kind: 'calendar';
  /** Two windows in a row, one of them that of the caller's clock. The store's clock picks one. If
   * the clocks differ by more than that, the nearer window is used. */
  readonly windows: readonly [Window, Window];
}

/** Generic cell rate algorithm: `burst` at once, refilled at `amount` per `periodMs`. */
export interface RateRule extends RuleBase {
  /** A bucket that refills. */
  readonly kind: 'rate';
  /** In how many ms `amount` is refilled. */
  readonly periodMs: number;
  /** The size of the bucket, in `unit`. It belongs to the claim and not to the counter: calls with different
   * bursts under one `key` share what is owed. */
  readonly burst: number;
}

/** At most `amount` unexpired leases. */
export interface ConcurrencyRule extends RuleBase {
  /** Slots that calls in flight hold. */
  readonly kind: 'concurrent';
}

/** At most `amount`, and what was credited, for ever: time frees nothing. An amount of 0 allows what was credited. */
export interface BalanceRule extends RuleBase {
  /** A balance without a window. */
  readonly kind: 'balance';
  /** Takes only what rules that spill leave over. At most one for each account and unit of a reserve. */
  readonly isCredit?: true;
}

/** A limit, resolved for an instant: what a store counts. */
export type Rule = RollingRule | CalendarRule | RateRule | ConcurrencyRule | BalanceRule;

/** One rule applied to one account. */
export interface Claim {
  /** Any string. A store hashes it if names have to be short there. */
  readonly account: string;
  /**
   * `own`: only the calls of one user count on this account. `shared`: the calls of many users do,
   * so that a store must expect many writes at the same time. A store may lock it last, or lease it
   * in parts. All claims on one account have the same scope.
   */
  readonly scope: 'own' | 'shared';
  /** The rule that applies. */
  readonly rule: Rule;
}

/** How long a hold lives by itself, and what becomes of it then. */
export interface Lease {
  /** How long the hold lives unless it is renewed, from the store's now. */
  readonly durationMs: number;
  /**
   * Whether the call may have left for OpenAI. When a lease is over, a hold that was dispatched
   * stays charged in full, and one that was not is given back. Slots of `concurrent` are freed in
   * both cases.
   */
  readonly dispatched: boolean;
}

/** Throws a `TypeError` for a length that is not above 0. */
export function assertLease({ durationMs }: Lease): void {
  if (durationMs > 0 && durationMs <= Number.MAX_SAFE_INTEGER) return;
  throw new TypeError(`"durationMs" must be a number of milliseconds above 0, not ${durationMs}`);
}

/** The state of one claim after a verb, in the unit of its rule. */
export interface Balance {
  /** Used up in the current window. */
  readonly used: number;
  /** Held by calls in flight. */
  readonly held: number;
  /** What a next call may take now: `max(0, amount - used - held)`; for a rate, what the bucket
   * holds. */
  readonly remaining: number;
  /** When time alone frees some room next; `undefined` if time alone frees nothing. */
  readonly resetsAtMs: number | undefined;
}

/** One limit that a reserve broke. */
export interface Violation {
  /** Index into the claims of the reserve. */
  readonly claim: number;
  /** The cost that does not fit. */
  readonly cost: number;
  /** True if usage is in the way; false if only holds of other calls are. */
  readonly hard: boolean;
  /** When the same cost fits by time alone, if nothing else is taken until then. `undefined` if it
   * can never fit (the cost is above the limit) or if it depends on calls in flight only. */
  readonly fitsAtMs: number | undefined;
}

/** A reserve that fits in every limit: the hold was taken. */
export interface Granted {
  /** The hold was taken. */
  readonly granted: true;
  /** Decided without the store, which failed, by each rule's `onFailure`. Only the guard sets it. */
  readonly degraded?: true;
  /** One per claim, in order, after the hold was taken. */
  readonly balances: readonly Balance[];
  /** The shadow rules that would have denied this call, in claim order. Absent if there are none, and for a
   * repeat of an id. */
  readonly wouldDeny?: readonly Violation[];
}

/** A reserve that breaks at least one limit: nothing was taken. */
export interface NotGranted {
  /** Nothing was taken. */
  readonly granted: false;
  /** As in `Granted`. */
  readonly degraded?: true;
  /** Every limit that the call breaks, in claim order; never empty. */
  readonly violations: readonly Violation[];
  /** One per claim, in order, as they were before this reserve. */
  readonly balances: readonly Balance[];
}

/**
 * `done`: this call had the effect. `replayed`: an earlier call with the same id had it. `refused`:
 * the hold ended in the other way (a settle after a release, a release after a settle). `unknown`:
 * there is no such id, or its tombstone is gone. `queued`: the store failed, and the guard will
 * repeat it; a store never returns it.
 */
export type Resolution = 'done' | 'replayed' | 'refused' | 'unknown' | 'queued';

/** What a release leaves taken. */
export interface ReleaseOptions {
  /**
   * Requests stay taken from every rule of the kind `rate`, because the call was sent. Everything else
   * is given back. Default false: everything is.
   */
  readonly keepsRates?: boolean;
}

/**
 * The verbs of every call, synchronous and by handle: `reserve` returns its hold, and the other
 * verbs take it. No reply is lost within a process, so nothing is looked up by id, and ended holds
 * are not remembered. Each verb does what the verb of the same name of `Ledger` does, and throws
 * what that one rejects with.
 */
export interface InProcessVerbs {
  /** `id` is only a name: two reserves with one id are two holds. */
  reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): (Granted & { readonly hold: object }) | NotGranted;
  /** `hold` is what `reserve` of the same ledger returned. */
  settle(hold: object, used: Amounts): Resolution;
  /** Gives the hold back: all of it, or all but the requests of rates. */
  release(hold: object, options?: ReleaseOptions): Resolution;
  /** Extends a live hold; false when there is none. */
  renew(hold: object, lease: Lease): boolean;
}

/**
 * The interface that a store implements. It is a pair: the counters below, and `records` for small
 * durable facts. Both live in one place, because a call needs both: a block or a revoked token is as
 * binding as a limit.
 *
 * The counters are two-phase transfers: all claims or none, in one round trip for each verb. Every
 * verb is idempotent by `id` (made by the guard, unguessable), so a verb whose reply was lost is
 * repeated. A finished id stays as a tombstone for at least an hour. The store's clock decides.
 * Denials are values; a verb throws only if the store failed.
 */
export interface Ledger {
  /** Only for a ledger in this process's own memory. It cannot be silent or unreachable, so the
   * guard calls these verbs, without a deadline. */
  readonly inProcess?: InProcessVerbs;
  /** Small facts about users and tokens, in the same store. */
  readonly records: Records;
  /**
   * Holds `held[rule.unit]` on every claim, if `used + held + cost <= amount` for each; otherwise
   * changes nothing. The same id again returns the same result and holds nothing more. A cost of
   * zero fits even an exhausted limit, unless the limit's amount is 0 and it is no balance.
   */
  reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted>;
  /**
   * Posts what was really used, in the window that the hold was taken from, and frees the rest. The
   * usage may be more than the hold. After the lease is over, it replaces the estimate by the usage,
   * still once.
   */
  settle(id: string, used: Amounts): Promise<Resolution>;
  /** Gives the hold back, requests included. With `keepsRates`, the requests that rates took stay
   * taken. The first release of an id decides which. */
  release(id: string, options?: ReleaseOptions): Promise<Resolution>;
  /** Extends a live hold. Returns false if there is none. Never turns `dispatched` back to false. */
  renew(id: string, lease: Lease): Promise<boolean>;
  /** Returns one balance per claim, in order. Changes nothing. */
  read(claims: readonly Claim[]): Promise<readonly Balance[]>;
  /**
   * Gives `amounts[rule.unit]` back to each claim's running window (for a rate: to its bucket, at
   * most up to its burst). `used` falls, and may fall below zero. `Infinity` forgives everything
   * that was used and gives nothing more. What is held stays held.
   */
  credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution>;
  /** Ends the ledger's own work. Verbs that are called later throw. */
  close(): Promise<void>;
}
