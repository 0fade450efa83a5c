import type { User } from '../core/user.ts';
import type { RequestPolicy } from '../openai/request/allowances.ts';
import type { Limit } from './limit.ts';
import type { ModelList } from './model-list.ts';

/** What its users may do, parsed once. */
export interface Plan {
  readonly name: string;
  /** Its own name; those of its parts if several plans were merged. */
  readonly names: readonly string[];
  /** The share of a user in the turns at an upstream; above 0. */
  readonly weight: number;
  readonly models: ModelList;
  readonly endpoints: ReadonlySet<string>;
  readonly limits: readonly Limit[];
  readonly policy: RequestPolicy;
}

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
  /** When the credential ends, Unix ms. A stream that began with a login may finish after it. One that
   * began with a user token is cut, 30 s after it at the latest. */
  readonly expiresAtMs?: number;
  /** The user token that was presented. Set by `verifyUserToken`. Its revocation cuts running calls. */
  readonly tokenId?: string;
}
