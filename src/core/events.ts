import { Attached } from '../base/attached.ts';
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

/** The ledger's store began to fail. Until `recovered`, the `onLedgerFailure` of each limit decides. */
export interface DegradedEvent {
  /** The error message of the store or its driver. It can name hosts. */
  readonly reason: string;
  /** Unix ms. */
  readonly atMs: number;
}

/** The store decides again. The charges of calls that were served without it are being written. */
export interface RecoveredEvent {
  /** Unix ms. */
  readonly atMs: number;
  /** How long the store failed, in ms. */
  readonly failedForMs: number;
  /** Calls that their limits admitted without the store since it last worked. */
  readonly served: number;
  /** Calls that their limits refused without the store since it last worked. */
  readonly refused: number;
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

/** A failure that the operator should know about. The call that it concerns was refused or charged
 * safely. `webhook`: a webhook was not processed. Its sender gets an error and sends it again. */
export interface FailedEvent {
  /**
   * The part that failed: a hook of yours (`hook`, `auth`), the ledger, OpenAI (`upstream`), your
   * account at OpenAI (`upstream_account`), a webhook, a price that has ended (`prices`), or the guard
   * itself (`internal`). `overrun`: an answer used more than was held for it.
   */
  readonly source:
    | 'hook'
    | 'auth'
    | 'ledger'
    | 'upstream'
    | 'upstream_account'
    | 'overrun'
    | 'internal'
    | 'prices'
    | 'webhook';
  /** The error that was thrown. It never holds the key. */
  readonly error: unknown;
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

/** What OpenAI decided about one of your users. */
export interface SafetyEvent {
  /** `warning` and `deactivation` arrive by webhook. The others come as the response to a call:
   * `identifier_blocked` is for good, `restricted` is for one model and a time. */
  readonly kind: 'warning' | 'deactivation' | 'identifier_blocked' | 'restricted';
  /** `undefined` when `endUserId` is unknown here. */
  readonly userId: string | undefined;
  /** The id that OpenAI has for the user. */
  readonly endUserId: string;
  /** The reason that OpenAI gave, if any. */
  readonly reason: string | undefined;
  /** The case at OpenAI, `C-…`; `undefined` for what came as the response to a call. */
  readonly caseId: string | undefined;
  /** The model that is `restricted`, as the call named it. */
  readonly model?: string;
}

/** One rate of a model that `guard.setPrices` changed. */
export interface PriceChange {
  /** The model. */
  readonly model: string;
  /** The tier, the length of input where it is not the first, and the kind of tokens, such as
   * `'standard.input'` or `'fast.above272000.output'`. */
  readonly rate: string;
  /** USD per million tokens; `undefined` when it had no price. */
  readonly usdBefore: number | undefined;
  /** USD per million tokens; `undefined` when it has no price any more. */
  readonly usdAfter: number | undefined;
}

/** `guard.setPrices` replaced the prices. */
export interface PricesEvent {
  /** What is different; empty when nothing is. */
  readonly changes: readonly PriceChange[];
}

/** The events of a guard, by the name that `guard.on` takes. */
export interface GuardEvents {
  /** A call ended and was posted to the ledger. */
  settled: SettledEvent;
  /** A call was not served, and what it held was given back. If it was sent, rates keep its request. */
  released: { readonly callId: string; readonly userId: string };
  /** A call waited for its turn at an upstream. */
  waited: WaitedEvent;
  /** A call was denied. */
  denied: DeniedEvent;
  /** Something failed that the operator should know. */
  failed: FailedEvent;
  /** A user was blocked. */
  blocked: { readonly userId: string; readonly reason: string };
  /** OpenAI warned about a user, deactivated them, refused their end-user id, or restricted a model. */
  safety: SafetyEvent;
  /** The prices were replaced. */
  prices: PricesEvent;
  /** The ledger's store began to fail. */
  degraded: DegradedEvent;
  /** The ledger's store decides again. */
  recovered: RecoveredEvent;
}

export type Listener<Event> = (event: Event) => void | Promise<void>;

/** Calls listeners. A listener that throws, rejects or hangs changes nothing for the call. */
export class Events {
  readonly #listeners = new Map<keyof GuardEvents, Set<Listener<never>>>();

  /** Returns the function that removes the listener. */
  on<Name extends keyof GuardEvents>(
    name: Name,
    listener: Listener<GuardEvents[Name]>,
  ): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener as Listener<never>);
    return () => void set.delete(listener as Listener<never>);
  }

  /** Whether there is a listener. An event without one need not be built. */
  isHeard(name: keyof GuardEvents): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) notify(listener, event as never);
  }
}

function notify(listener: Listener<never>, event: never): void {
  try {
    const pending = listener(event);
    if (pending instanceof Promise) pending.catch(() => {});
  } catch {
    // A listener must not break the call.
  }
}

const eventsOfGuards = new Attached<Events>();

/** Lets webhooks that are mounted beside a guard emit events of the guard. */
export function shareEvents<Guard extends object>(guard: Guard, events: Events): Guard {
  return eventsOfGuards.attach(guard, events);
}

/** Returns the events of a guard. `TypeError` for a value that `createGuardedCompletion` did not make. */
export function eventsOf(guard: object): Events {
  return eventsOfGuards.of(guard);
}
