import type { User } from '../core/user.ts';
import type { CountedUnitName, Unit } from '../ledger/amounts.ts';
import type { OnFailure, Rule } from '../ledger/ledger.ts';

/** A calendar period, in `timeZone` (IANA, default UTC). Weeks start on Monday. */
export type Period = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** What a limit counts, as a developer writes it. Exactly one of these keys; `usd` may be fractional. */
export type LimitAmount = {
  [Name in CountedUnitName]: { readonly [K in Name]: number } & Absent<
    Exclude<CountedUnitName, Name>
  >;
}[CountedUnitName];

type Absent<Keys extends string> = { readonly [K in Keys]?: never };

export interface LimitFailure {
  /**
   * What happens to a call under this limit while the store fails. `'deny'`: the call gets 503
   * `ledger_unavailable`. `'allow'`: it is served as if the limit did not exist. `'local'`: this process
   * gives out its share of the limit (see the option `ledgerFailure`). By default, money and requests or
   * tokens in a window are `'deny'`; a rate (`burst`) and `concurrent` are `'local'`. Calls that are
   * served are counted when the store is back.
   */
  readonly onLedgerFailure?: OnFailure;
}

export interface LimitWindow extends LimitFailure {
  /** A duration (`'24h'`, `'90s'`, `'7d'`): never more in any such span. A period: a calendar window. */
  readonly per: Period | (string & {});
  /** Makes it a rate: this much at once, refilled at the amount per `per`. */
  readonly burst?: number;
  readonly timeZone?: string;
  /** Where a user's own periods start (the billing day): an ISO date or instant, or a function that
   * returns one. */
  readonly anchor?: string | ((user: User) => string | undefined);
  /** Shown in denials and headers. The default is made of unit and window. Unique within a plan. */
  readonly name?: string;
}

/** A limit, as a developer writes it. */
export type LimitSpec =
  | (LimitAmount & LimitWindow & Absent<'concurrent'>)
  | ({ readonly concurrent: number; readonly name?: string } & LimitFailure &
      Absent<CountedUnitName | Exclude<keyof LimitWindow, 'name' | keyof LimitFailure>>);

/** A limit of a plan, a token or all users, parsed once. */
export interface Limit {
  readonly name: string;
  /** What it counts and over what span. Two limits with one key share one counter of an account. */
  readonly key: string;
  readonly unit: Unit;
  /** In `unit`; money in nano-USD. */
  readonly amount: number;
  /** `undefined` for all but rates. */
  readonly burst?: number | undefined;
  /** Seconds of its window for the `RateLimit-Policy` header; `undefined` for concurrency. */
  readonly windowSeconds: number | undefined;
  /** Returns the rule for this user now: the same object as before while nothing about it has changed. */
  ruleFor(user: User, nowMs: number): Rule;
}
