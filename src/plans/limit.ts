import type { User } from '../core/user.ts';
import type { LimitableUnit } from '../ledger/amounts.ts';
import type { Rule } from '../ledger/ledger.ts';
import type { ModelList } from './model-list.ts';

/** Which calls a limit counts. A field that is `undefined` names all. */
export interface CallFilter {
  readonly models: ModelList | undefined;
  readonly endpoints: ReadonlySet<string> | undefined;
}

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
  /** False for a shadow limit, which counts and never refuses. */
  readonly enforced: boolean;
  /** The models and endpoints whose calls it counts; `undefined` for every call. */
  readonly filter?: CallFilter | undefined;
  /** Parts of the amount at which `threshold` is emitted, ascending. */
  readonly warnAt?: readonly number[] | undefined;
  /** What does not fit is taken from credits. */
  readonly spills?: true | undefined;
  /** The credits of an account, which take what its limits with `spills` leave over. */
  readonly isCredit?: true | undefined;
  /** Returns the rule for this user now: the same object as before while nothing about it has changed. */
  ruleFor(user: User, nowMs: number): Rule;
  /** Resolves when what `ruleFor` needs to know of this user is known; `undefined` if it is. Absent: nothing
   * must be looked up. Rejects if the look-up fails. */
  lookUp?(user: User, nowMs: number): Promise<void> | undefined;
}
