import type { User } from '../core/user.ts';
import type { Limit } from './limit.ts';
import type { ModelList } from './plan.ts';

/** How a credential narrows its user's plan. It can never widen it. */
export interface Scope {
  /** Identifies the credential in the ledger. */
  readonly id: string;
  /** The models it allows, out of those of the plan. */
  readonly models?: ModelList;
  /** The endpoints it allows, out of those of the plan. */
  readonly endpoints?: readonly string[];
  /** Limits of this credential alone, in addition to its user's. */
  readonly limits?: readonly Limit[];
  /** Allows exactly one call that reaches OpenAI. */
  readonly singleUse?: boolean;
}

/** The user of a request, and what their credential narrows. */
export interface Identity {
  /** The user. */
  readonly user: User;
  /** The limits of the credential; `undefined` for none. */
  readonly scope?: Scope;
  /** When the credential ends, Unix ms. A stream that began before may finish. */
  readonly expiresAtMs?: number;
}
