import type { DenialCode } from './denial.ts';
import type { Usage, UsageDoubt } from './usage.ts';

/** A call that ended and was posted to the ledger. It contains no prompt, no answer and no credential. */
export interface SettledEvent {
  /** Identifies the call; each call has its own. */
  readonly callId: string;
  /** The user who is charged. */
  readonly userId: string;
  /** The plan that the user had; several are joined by `+`. */
  readonly plan: string;
  /** The endpoint's name, such as `'chat.completions'`. */
  readonly endpoint: string;
  /** The model that answered, or the one in the request. */
  readonly model: string;
  /** The upstream that answered, by its name in the option `upstreams`; `main` for `apiKey`. */
  readonly upstream: string;
  /** What OpenAI reported; `undefined` when it reported nothing: the charge is an estimate, or OpenAI
   * refused the content of the request, which costs one request and no tokens. */
  readonly usage: Usage | undefined;
  /** Input tokens that were charged. */
  readonly inputTokens: number;
  /** Output tokens that were charged, reasoning included. */
  readonly outputTokens: number;
  /** 0 for a model without a price, which is allowed only where no money limit applies. */
  readonly costNanoUsd: number;
  /** The charge is an upper bound, because the true usage did not arrive or contradicted itself. */
  readonly estimated: boolean;
  /** How an incomplete or contradictory usage was read. Empty for nearly every call. */
  readonly doubts: readonly UsageDoubt[];
  /** The store failed. The call was admitted without it, or its charge waits to be written. A charge that
   * cannot be written is a `failed` event later. */
  readonly degraded: boolean;
}

/** One call that was denied. Holds no prompt and no credential. */
export interface DeniedEvent {
  /** The reason. */
  readonly code: DenialCode;
  /** Decided without the store, which failed. */
  readonly degraded: boolean;
  /** `undefined` when no user was identified. */
  readonly userId: string | undefined;
  /** The message that the client got. */
  readonly message: string;
}

/** A call waited for its turn at an upstream, or in vain. */
export interface WaitedEvent {
  /** Identifies the call; each call has its own. */
  readonly callId: string;
  /** The user whose call it is. */
  readonly userId: string;
  /** The plan that the user had. */
  readonly plan: string;
  /** The model that was asked for. */
  readonly model: string;
  /** Where it had its turn. `undefined`: it waited in vain, or its client left. */
  readonly upstream: string | undefined;
  /** How long it waited, in ms. */
  readonly waitedMs: number;
}
