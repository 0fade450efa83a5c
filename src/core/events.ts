import { Attached } from '../base/attached.ts';
import { isPromiseLike, withDeadline } from '../base/deadline.ts';
import type { DeniedEvent, SettledEvent, WaitedEvent } from './call-events.ts';
import { AlertError } from './errors.ts';
import type { GuardedEvent } from './guarded-event.ts';
import type { ThresholdEvent, WouldDenyEvent } from './limit-events.ts';
import type { UpstreamFailure } from './upstream-failure.ts';

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

/**
 * A failure that the operator should know about. The call that it concerns was refused or charged safely.
 * Contains no prompt, no answer, no key and no credential, unless an error of your own code has one.
 */
export interface FailedEvent {
  /**
   * The part that failed: a hook of yours (`hook`, `auth`), the ledger, an upstream (`upstream`), your
   * account there (`upstream_account`), a listener of yours (`listener`), a webhook, a price that has ended
   * (`prices`), or the guard itself (`internal`). `overrun`: an answer used more than was held for it.
   * `usage`: the usage of an answer is missing, or contradicts itself. `webhook`: a webhook was not
   * processed; its sender gets an error and sends it again. Or an alert was not delivered.
   */
  readonly source:
    | 'hook'
    | 'auth'
    | 'ledger'
    | 'upstream'
    | 'upstream_account'
    | 'overrun'
    | 'usage'
    | 'listener'
    | 'internal'
    | 'prices'
    | 'webhook';
  /** The error that was thrown, or one that says what happened. It never holds the key. */
  readonly error: unknown;
  /** The call that it concerns, if the failure is about one. */
  readonly callId?: string;
  /** What the upstream answered, for `upstream`, and for `upstream_account`. Absent where the circuit
   * breaker reports an upstream. */
  readonly upstream?: UpstreamFailure;
  /** The name of the event whose listener failed, for `listener`. */
  readonly listener?: keyof GuardEvents;
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

/** `guard.stop` stopped every call that matches each of its lists; without lists, every call. */
export interface StoppedEvent {
  /** Why, as clients see it. */
  readonly reason: string;
  /** `undefined`: every model. */
  readonly models: readonly string[] | undefined;
  /** `undefined`: every plan. */
  readonly plans: readonly string[] | undefined;
  /** `undefined`: every endpoint. */
  readonly endpoints: readonly string[] | undefined;
  /** Whether calls that were sent before are cut too. */
  readonly cut: boolean;
}

/** `guard.resume` ended the stop with these lists; without lists, every stop or the one of everything. */
export type ResumedEvent = Pick<StoppedEvent, 'models' | 'plans' | 'endpoints'>;

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
  /** A call was admitted, and a shadow limit (`enforce: false`) would have refused it. */
  would_deny: WouldDenyEvent;
  /** A part of a limit that its `warnAt` names is used. */
  threshold: ThresholdEvent;
  /** A `before` hook or a limiter has decided about a call. */
  guarded: GuardedEvent;
  /** Something failed that the operator should know. */
  failed: FailedEvent;
  /** A user was blocked. */
  blocked: { readonly userId: string; readonly reason: string };
  /** OpenAI warned about a user, deactivated them, refused their end-user id, or restricted a model. */
  safety: SafetyEvent;
  /** The prices were replaced. */
  prices: PricesEvent;
  /** Calls are stopped. Emitted in the process that was asked. */
  stopped: StoppedEvent;
  /** A stop has ended. Emitted in the process that was asked. */
  resumed: ResumedEvent;
  /** The ledger's store began to fail. */
  degraded: DegradedEvent;
  /** The ledger's store decides again. */
  recovered: RecoveredEvent;
}

export type Listener<Event> = (event: Event) => void | Promise<void>;

const EVENT_NAMES: Readonly<Record<keyof GuardEvents, true>> = {
  settled: true,
  released: true,
  waited: true,
  denied: true,
  would_deny: true,
  threshold: true,
  guarded: true,
  failed: true,
  blocked: true,
  safety: true,
  prices: true,
  stopped: true,
  resumed: true,
  degraded: true,
  recovered: true,
};

/** Gets what the operator must know and no listener takes. */
interface UnheardEvents {
  failed(event: FailedEvent): void;
  degraded(event: DegradedEvent): void;
  recovered(event: RecoveredEvent): void;
  /** A listener of `failed` failed itself. */
  listenerOfFailed(error: unknown): void;
}

/** Calls listeners. A listener that throws, rejects or hangs changes nothing for the call. */
export class Events {
  readonly #listeners = new Map<keyof GuardEvents, Set<Listener<never>>>();
  readonly #log: UnheardEvents | undefined;

  /** `log` gets the failures that no listener takes. */
  constructor(log?: UnheardEvents) {
    this.#log = log;
  }

  /** Returns the function that removes the listener. `TypeError` for an event that does not exist. */
  on<Name extends keyof GuardEvents>(
    name: Name,
    listener: Listener<GuardEvents[Name]>,
  ): () => void {
    requireListener(name, listener);
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
    if (!this.isHeard(name)) return this.#unheard(name, event);
    for (const listener of this.#listeners.get(name) ?? []) {
      this.#notify(name, listener, event as never);
    }
  }

  /** Calls the listeners and waits for them. Returns whether there is one, and all of them resolved in time. */
  async deliver<Name extends keyof GuardEvents>(
    name: Name,
    event: GuardEvents[Name],
    withinMs: number,
  ): Promise<boolean> {
    const late = () => new Error(`A listener of "${name}" did not end within ${withinMs} ms`);
    const deliverTo = async (listener: Listener<never>) => {
      try {
        await withDeadline(listener(event as never), withinMs, late);
        return true;
      } catch (error) {
        this.#listenerFailed(name, error);
        return false;
      }
    };
    const all = await Promise.all([...(this.#listeners.get(name) ?? [])].map(deliverTo));
    return all.length > 0 && all.every(Boolean);
  }

  #unheard(name: keyof GuardEvents, event: unknown): void {
    if (name === 'failed') this.#log?.failed(event as FailedEvent);
    else if (name === 'degraded') this.#log?.degraded(event as DegradedEvent);
    else if (name === 'recovered') this.#log?.recovered(event as RecoveredEvent);
  }

  #notify(name: keyof GuardEvents, listener: Listener<never>, event: never): void {
    try {
      const pending = listener(event);
      if (!isPromiseLike(pending)) return;
      pending.then(undefined, (error: unknown) => this.#listenerFailed(name, error));
    } catch (error) {
      this.#listenerFailed(name, error);
    }
  }

  /** A listener of `failed` is not told of its own failure. */
  #listenerFailed(name: keyof GuardEvents, error: unknown): void {
    if (name === 'failed') this.#log?.listenerOfFailed(error);
    else if (!(error instanceof AlertError)) {
      this.emit('failed', { source: 'listener', listener: name, error });
    }
  }
}

function requireListener(name: string, listener: unknown): void {
  if (!Object.hasOwn(EVENT_NAMES, name)) {
    const names = Object.keys(EVENT_NAMES).map((known) => `"${known}"`);
    throw new TypeError(`"guard.on": there is no event "${name}". Use one of ${names.join(', ')}`);
  }
  if (typeof listener !== 'function') {
    throw new TypeError(`"guard.on": the listener of "${name}" must be a function`);
  }
}

const eventsOfGuards = new Attached<Events>('events');

/** Lets webhooks that are mounted beside a guard emit events of the guard. */
export function shareEvents<Guard extends object>(guard: Guard, events: Events): Guard {
  return eventsOfGuards.attach(guard, events);
}

/** Returns the events of a guard. `TypeError` for a value that `createGuardedCompletion` did not make. */
export function eventsOf(guard: object): Events {
  return eventsOfGuards.of(guard);
}
