import type { Amounts, Unit } from './amounts.ts';
import type { Lease } from './lease.ts';
import type { Records } from './records.ts';

/** What is done with a rule while the store fails; see `onLedgerFailure` of a limit. */
export type OnFailure = 'deny' | 'allow' | 'local';

interface RuleBase {
  /** Names the counter below its subject; stable over deploys and plans, so that usage survives an upgrade. */
  readonly key: string;
  readonly unit: Unit;
  /** The limit itself, in `unit`; 0 denies everything. */
  readonly amount: number;
  /** Read by the guard, never by a store; `undefined` is the default of its kind. */
  readonly onFailure?: OnFailure;
}

/** Never more than `amount` in any `windowMs`: 24 sub-buckets, each freed only when it is wholly outside. */
export interface RollingRule extends RuleBase {
  readonly kind: 'rolling';
  readonly windowMs: number;
}

/** Half open: `startMs` belongs to the window, `endMs` to the next one. `startMs` is its identity. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** At most `amount` in the calendar window that holds the store's own now. */
export interface CalendarRule extends RuleBase {
  readonly kind: 'calendar';
  /** Two windows in a row, one of them that of the caller's clock; the store's clock picks. Clocks
   * further apart than that use the nearer of the two. */
  readonly windows: readonly [Window, Window];
}

/** Generic cell rate algorithm: `burst` at once, refilled at `amount` per `periodMs`. */
export interface RateRule extends RuleBase {
  readonly kind: 'rate';
  readonly periodMs: number;
  readonly burst: number;
}

/** At most `amount` unexpired leases. */
export interface ConcurrencyRule extends RuleBase {
  readonly kind: 'concurrent';
}

export type Rule = RollingRule | CalendarRule | RateRule | ConcurrencyRule;

/** One rule applied to one account. */
export interface Claim {
  /** Any string. A store hashes it if names have to be short there. */
  readonly account: string;
  /**
   * `own`: only the calls of one user count on this account. `shared`: the calls of many users do, so
   * that a store must expect that it is written all the time: it is locked last, or leased in parts. All
   * claims on one account have the same scope.
   */
  readonly scope: 'own' | 'shared';
  readonly rule: Rule;
}

/** Where one claim stands after a verb, in the unit of its rule. */
export interface Balance {
  readonly used: number;
  readonly held: number;
  /** What a next call may take now: `max(0, amount - used - held)`, for a rate what the bucket holds. */
  readonly remaining: number;
  /** When there is next more room by time alone; `undefined` when time alone frees nothing. */
  readonly resetsAtMs: number | undefined;
}

export interface Violation {
  /** Index into the claims of the reserve. */
  readonly claim: number;
  /** The cost that did not fit. */
  readonly cost: number;
  /** Hard: what is already used is in the way. Soft: only what other calls hold. */
  readonly hard: boolean;
  /** When the same cost fits by time alone, if nothing else is taken until then; `undefined` when it
   * can never fit (the cost is above the limit) or depends on calls in flight only. */
  readonly fitsAtMs: number | undefined;
}

export interface Granted {
  readonly granted: true;
  /** Decided without the store, which failed, by each rule's `onFailure`. No store answers so. */
  readonly degraded?: true;
  /** One per claim, in order, after the hold was taken. */
  readonly balances: readonly Balance[];
}

export interface NotGranted {
  readonly granted: false;
  /** As in `Granted`. */
  readonly degraded?: true;
  /** Every limit that the call breaks, in claim order; never empty. */
  readonly violations: readonly Violation[];
  /** One per claim, in order, untouched by this reserve. */
  readonly balances: readonly Balance[];
}

/**
 * `done`: this call had the effect. `replayed`: an earlier call with the same id already had it.
 * `refused`: the hold ended another way (a settle after a release, a release after a settle).
 * `unknown`: no such id, or its tombstone is gone. `queued`: the store failed, and the guard repeats
 * it; no store answers so.
 */
export type Resolution = 'done' | 'replayed' | 'refused' | 'unknown' | 'queued';

/**
 * The verbs of every call, without a promise and by handle: `reserve` returns its hold, and the others
 * are given it. No reply is lost within a process, so nothing is looked up by id and nothing is
 * remembered of what has ended. Each verb does what its namesake of `Ledger` does, and throws what that
 * one rejects with.
 */
export interface InProcessVerbs {
  /** `id` is only a name: two reserves of one id are two holds. */
  reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): (Granted & { readonly hold: object }) | NotGranted;
  /** `hold` is what `reserve` of the same ledger returned. */
  settle(hold: object, used: Amounts): Resolution;
  release(hold: object): Resolution;
  renew(hold: object, lease: Lease): boolean;
}

/**
 * The one interface that a store implements: two-phase transfers, all claims or none, one round trip
 * a verb. Every verb is idempotent by `id` (made by us, unguessable), so a lost reply is answered by
 * repeating it; a finished id stays as a tombstone for at least an hour. The store's clock decides.
 * Denials are values; a verb throws only when the store failed.
 */
export interface Ledger {
  /** Only of a ledger that answers from this process's own memory. It can be neither silent nor
   * unreachable, so the guard asks it without a deadline, by these verbs. */
  readonly inProcess?: InProcessVerbs;
  readonly records: Records;
  /**
   * Holds `held[rule.unit]` on every claim, if `used + held + cost <= amount` for each; else changes
   * nothing. The same id again answers as the first time and holds nothing more. A zero cost is
   * granted even by an exhausted limit, unless the limit's amount is 0.
   */
  reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted>;
  /**
   * Posts what was really used, in the window that the hold was taken from, and frees the rest. May
   * exceed the hold. After the lease expired it corrects the estimate to the truth, still once.
   */
  settle(id: string, used: Amounts): Promise<Resolution>;
  /** Gives the whole hold back, requests included. */
  release(id: string): Promise<Resolution>;
  /** Extends a live hold; false when there is none. Never turns `dispatched` back to false. */
  renew(id: string, lease: Lease): Promise<boolean>;
  /** One balance per claim, in order, changing nothing. */
  read(claims: readonly Claim[]): Promise<readonly Balance[]>;
  /**
   * Gives `amounts[rule.unit]` back to each claim's running window (a rate: to its bucket, never over
   * its burst), so that `used` falls, below zero where the gift is larger. `Infinity` forgives all
   * that was used and gives nothing more. What is held stays held.
   */
  credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution>;
  /** Ends the ledger's own work; verbs called later throw. */
  close(): Promise<void>;
}
