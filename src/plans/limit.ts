import type { User } from '../core/user.ts';
import type { Unit } from '../ledger/amounts.ts';
import type { OnFailure, Rule } from '../ledger/ledger.ts';

/** A calendar period, in `timeZone` (IANA, default UTC). Weeks start on Monday. */
export type Period = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

type CountedUnit = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens' | 'usd';

/** What a limit counts, as a developer writes it. Exactly one of these keys; `usd` may be fractional. */
export type LimitAmount = {
  [U in CountedUnit]: { readonly [K in U]: number } & Absent<Exclude<CountedUnit, U>>;
}[CountedUnit];

type Absent<Keys extends string> = { readonly [K in Keys]?: never };

export interface LimitFailure {
  /**
   * What happens to a call under this limit while the store fails. `'deny'`: 503 `ledger_unavailable`.
   * `'allow'`: served as if there were no such limit. `'local'`: this process gives out its share of the
   * limit (see the option `ledgerFailure`). Default: money, and requests or tokens in a window, deny;
   * a rate (`burst`) and `concurrent` are local. What is served is counted when the store is back.
   */
  readonly onLedgerFailure?: OnFailure;
}

export interface LimitWindow extends LimitFailure {
  /** A duration (`'24h'`, `'90s'`, `'7d'`): never more in any such span. A period: a calendar window. */
  readonly per: Period | (string & {});
  /** Makes it a rate: this much at once, refilled at the amount per `per`. */
  readonly burst?: number;
  readonly timeZone?: string;
  /** Where a user's own periods start (the billing day): an ISO date or instant, or how to find it. */
  readonly anchor?: string | ((user: User) => string | undefined);
  /** Shown in denials and headers; default is made of unit and window. Unique within a plan. */
  readonly name?: string;
}

export type LimitSpec =
  | (LimitAmount & LimitWindow & Absent<'concurrent'>)
  | ({ readonly concurrent: number; readonly name?: string } & LimitFailure &
      Absent<CountedUnit | Exclude<keyof LimitWindow, 'name' | keyof LimitFailure>>);

/** A limit, parsed once. */
export interface Limit {
  readonly name: string;
  /** What it counts and over what span: two limits with one key count on one counter. */
  readonly key: string;
  readonly unit: Unit;
  /** In `unit`; money in nano-USD. */
  readonly amount: number;
  /** `undefined` for all but rates. */
  readonly burst?: number | undefined;
  /** Seconds of its window for the `RateLimit-Policy` header; `undefined` for concurrency. */
  readonly windowSeconds: number | undefined;
  /** The rule for this user now; the same object as before while nothing about it has changed. */
  ruleFor(user: User, nowMs: number): Rule;
}
