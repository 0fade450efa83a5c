import type { DenialCode } from './denial.ts';
import type { Usage } from './usage.ts';

/** One call that ended and was posted to the ledger. Holds no prompt, no answer and no credential. */
export interface SettledEvent {
  readonly callId: string;
  readonly userId: string;
  readonly plan: string;
  readonly endpoint: string;
  readonly model: string;
  /** What OpenAI reported; `undefined` when it could not, and the charge is an estimate. */
  readonly usage: Usage | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 for a model without a price (allowed only where no money limit applies). */
  readonly costNanoUsd: number;
  /** The charge is an upper bound, because the true usage never came. */
  readonly estimated: boolean;
  /** The store failed: the call was admitted without it, or its charge waits to be written. A charge
   * that can never be written is a `failed` event later. */
  readonly degraded: boolean;
}

/** The ledger's store began to fail: until `recovered`, each limit's `onLedgerFailure` decides. */
export interface DegradedEvent {
  /** What the store, or its driver, said; may name hosts. */
  readonly reason: string;
  /** Unix ms. */
  readonly atMs: number;
}

/** The store decides again; what was served without it is being written. */
export interface RecoveredEvent {
  readonly atMs: number;
  readonly failedForMs: number;
  /** Calls that their limits admitted, or refused, without the store since it was last well. */
  readonly served: number;
  readonly refused: number;
}

export interface DeniedEvent {
  readonly code: DenialCode;
  /** Decided without the store, which failed. */
  readonly degraded: boolean;
  /** `undefined` when nobody was identified. */
  readonly userId: string | undefined;
  readonly message: string;
}

/** Something failed that the operator should know of; the call it concerns was refused or charged safely.
 * `webhook`: what was sent to one is answered so that its sender repeats it. */
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
  /** `warning` and `deactivation` come by webhook, `identifier_blocked` as the answer to a call. */
  readonly kind: 'warning' | 'deactivation' | 'identifier_blocked';
  /** `undefined` when nobody here is known by `endUserId`. */
  readonly userId: string | undefined;
  /** By which OpenAI knows the user. */
  readonly endUserId: string;
  /** OpenAI's words; `undefined` when it gave none. */
  readonly reason: string | undefined;
  /** `C-…`, the case at OpenAI; `undefined` for `identifier_blocked`. */
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

export interface Events {
  on<Name extends keyof GuardEvents>(name: Name, listener: Listener<GuardEvents[Name]>): () => void;
  emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void;
  /** Whether there is a listener: an event without one need not be built. */
  isHeard(name: keyof GuardEvents): boolean;
}

/** Listeners only watch: one that throws, rejects or hangs changes nothing for the call. */
export function createEvents(): Events {
  const listeners = new Map<keyof GuardEvents, Set<Listener<never>>>();
  return {
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener as Listener<never>);
      return () => void set.delete(listener as Listener<never>);
    },
    isHeard: (name) => (listeners.get(name)?.size ?? 0) > 0,
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) notify(listener, event as never);
    },
  };
}

function notify(listener: Listener<never>, event: never): void {
  try {
    const pending = listener(event);
    if (pending instanceof Promise) pending.catch(() => {});
  } catch {
    // An observer's fault is the observer's.
  }
}

const eventsOfGuards = new WeakMap<object, Events>();

/** Lets what is mounted beside a guard speak by the guard's own events. */
export function shareEvents<Guard extends object>(guard: Guard, events: Events): Guard {
  eventsOfGuards.set(guard, events);
  return guard;
}

/** The events of a guard; `TypeError` for what `createGuardedCompletion` did not make. */
export function eventsOf(guard: object): Events {
  const events = eventsOfGuards.get(guard);
  if (events !== undefined) return events;
  throw new TypeError('"guard" must be what createGuardedCompletion returned');
}
