import type { User } from '../core/user.ts';
import type { LimitableUnit } from '../ledger/amounts.ts';
import type { Rule } from '../ledger/ledger.ts';

/** A limit of a plan, a token or all users, parsed once. */
export interface Limit {
  readonly name: string;
  /** What it counts and over what span. Two limits with one key share one counter of an account. */
  readonly key: string;
  readonly unit: LimitableUnit;
  /** In `unit`; money in nano-USD. */
  readonly amount: number;
  /** `undefined` for all but rates. */
  readonly burst?: number | undefined;
  /** Its window, as it was written; `undefined` for concurrency. */
  readonly per?: string | undefined;
  /** Seconds of its window for the `RateLimit-Policy` header; `undefined` for concurrency. */
  readonly windowSeconds: number | undefined;
  /** Returns the rule for this user now: the same object as before while nothing about it has changed. */
  ruleFor(user: User, nowMs: number): Rule;
  /** Resolves when what `ruleFor` needs to know of this user is known; `undefined` if it is. Absent: nothing
   * must be looked up. Rejects if the look-up fails. */
  lookUp?(user: User, nowMs: number): Promise<void> | undefined;
}
