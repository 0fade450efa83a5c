import type { DenialCode } from './denial.ts';
import type { Usage } from './usage.ts';

/** A call that ended and was posted to the ledger. It contains no prompt, no answer and no credential. */
export interface SettledEvent {
  readonly callId: string;
  readonly userId: string;
  readonly plan: string;
  readonly endpoint: string;
  readonly model: string;
  /** What OpenAI reported; `undefined` when the report is missing and the charge is an estimate. */
  readonly usage: Usage | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 for a model without a price, which is allowed only where no money limit applies. */
  readonly costNanoUsd: number;
  /** The charge is an upper bound, because the true usage did not arrive. */
  readonly estimated: boolean;
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
  readonly atMs: number;
  readonly failedForMs: number;
  /** Calls that were admitted, or denied, without the store during this failure. */
  readonly served: number;
  readonly refused: number;
}

export interface DeniedEvent {
  readonly code: DenialCode;
  /** Decided without the store, which failed. */
  readonly degraded: boolean;
  /** `undefined` when no user was identified. */
  readonly userId: string | undefined;
  readonly message: string;
}

/** A failure that the operator should know about. The call that it concerns was refused or charged
 * safely. `webhook`: a webhook was not processed. Its sender gets an error and sends it again. */
export interface FailedEvent {
  readonly source:
    | 'hook'
    | 'auth'
    | 'ledger'
    | 'upstream'
    | 'upstream_account'
    | 'internal'
    | 'webhook';
  readonly error: unknown;
}

/** What OpenAI decided about one of your users. */
export interface SafetyEvent {
  /** `warning` and `deactivation` arrive by webhook, `identifier_blocked` as the response to a call. */
  readonly kind: 'warning' | 'deactivation' | 'identifier_blocked';
  /** `undefined` when `endUserId` is unknown here. */
  readonly userId: string | undefined;
  /** The id that OpenAI has for the user. */
  readonly endUserId: string;
  /** The reason that OpenAI gave, if any. */
  readonly reason: string | undefined;
  /** The case at OpenAI, `C-…`; `undefined` for `identifier_blocked`. */
  readonly caseId: string | undefined;
}

export interface GuardEvents {
  settled: SettledEvent;
  /** The whole hold was given back. */
  released: { readonly callId: string; readonly userId: string };
  denied: DeniedEvent;
  failed: FailedEvent;
  blocked: { readonly userId: string; readonly reason: string };
  safety: SafetyEvent;
  degraded: DegradedEvent;
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

const eventsOfGuards = new WeakMap<object, Events>();

/** Lets webhooks that are mounted beside a guard emit events of the guard. */
export function shareEvents<Guard extends object>(guard: Guard, events: Events): Guard {
  eventsOfGuards.set(guard, events);
  return guard;
}

/** Returns the events of a guard. `TypeError` for a value that `createGuardedCompletion` did not make. */
export function eventsOf(guard: object): Events {
  const events = eventsOfGuards.get(guard);
  if (events !== undefined) return events;
  throw new TypeError('"guard" must be the return value of createGuardedCompletion');
}
