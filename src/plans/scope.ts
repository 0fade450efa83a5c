import type { User } from '../core/user.ts';
import type { Limit } from './limit.ts';
import type { ModelList } from './plan.ts';

/** How a credential narrows its user's plan. It can never widen it. */
export interface Scope {
  /** Identifies the credential in the ledger. */
  readonly id: string;
  readonly models?: ModelList;
  readonly endpoints?: readonly string[];
  readonly limits?: readonly Limit[];
  readonly singleUse?: boolean;
}

export interface Identity {
  readonly user: User;
  readonly scope?: Scope;
  /** When the credential ends, Unix ms. A stream that began before may finish. */
  readonly expiresAtMs?: number;
}
