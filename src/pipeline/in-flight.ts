import type { Clock } from '../base/clock.ts';
import { UnorderedList } from '../base/unordered-list.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { User } from '../core/user.ts';
import { groupName } from '../groups/group-states.ts';
import { type GroupLimits, NO_GROUPS } from '../plans/limit-levels.ts';
import type { Identity } from '../plans/plan.ts';
import type { NamedCall } from '../stops/stop-list.ts';
import type { Target } from '../upstream/target.ts';
import type { CallBody } from './body-budget.ts';
import { type DrainBounds, Drains } from './drains.ts';
import { UserCounts } from './user-counts.ts';

/** Why a call ends early: its client disconnected, or the guard denies the rest of it. */
export type StopReason = 'disconnected' | Denial;

/** What a call is doing now, if it can be stopped: waiting in the queue, waiting for OpenAI's response,
 * or passing on a stream. */
export interface Stoppable {
  /** Called for each reason to stop, and more than once if a denial follows a disconnect. */
  stop(reason: StopReason): void;
  /** Called about once a second. */
  tick?(nowMs: number): void;
}

/** Whose call it is. */
export type Caller = Pick<Identity, 'tokenId'> & { readonly user: Pick<User, 'id'> };

/**
 * One admitted call, from before its hold to its settlement. Begun by `admit`, ended by `settle`. It is
 * the only part of a call that changes, and the only way to stop one: `README.md` draws its states.
 */
export class InFlightCall {
  /** The list's own. */
  index = -1;
  readonly userId: string;
  /** The user token that was presented; `undefined` for another credential. */
  readonly tokenId: string | undefined;
  /** Names its hold in the ledger. Set by `admit`. */
  id = '';
  /** The hold itself, of a ledger in this process. Set by the ledger's `reserve`. */
  hold: object | undefined = undefined;
  readonly startedAtMs: number;
  renewedAtMs: number;
  /** The ledger has noted that the request may leave, and charges the hold if this process dies. Set by
   * `admit` when the call leaves at once. */
  dispatchNoted = false;
  /** True from just before the first byte may leave for OpenAI: from then on the call may cost something.
   * Set by `call`. */
  dispatched = false;
  /** Gives back the place at the upstream. Idempotent. Set by `admit`, or by `call` after a wait. */
  releasePlace: (() => void) | undefined = undefined;
  /** Where it was sent last. Set by `call`. */
  target: Target | undefined = undefined;
  /** How long it waited for its turns, in all. Set by `call`. */
  waitedMs = 0;
  /** Its body in the budget of bodies in flight. Set by `admit`. */
  body: CallBody | undefined = undefined;
  /** What `guard.stop` can name of it. Set by `admit`. */
  named: NamedCall | undefined = undefined;
  /** The groups of its user. Set by `admit`. */
  groups: readonly GroupLimits[] = NO_GROUPS;
  /** Its client disconnected, and it is read to its end all the same. Set by `InFlightCalls.drain`. */
  draining = false;
  #stopped: StopReason | undefined = undefined;
  #running: Stoppable | undefined = undefined;

  constructor({ user, tokenId }: Caller, nowMs: number) {
    this.userId = user.id;
    this.tokenId = tokenId;
    this.startedAtMs = nowMs;
    this.renewedAtMs = nowMs;
  }

  /** Why the call was stopped. `undefined` while it was not. A step that starts work looks here first. */
  get stopped(): StopReason | undefined {
    return this.#stopped;
  }

  /** Sets what the call does now. Stops that at once if the call was stopped before. `undefined`: what it
   * does now is not stopped. */
  run(running: Stoppable | undefined): void {
    this.#running = running;
    if (this.#stopped !== undefined) running?.stop(this.#stopped);
  }

  /** Stops the call. The first reason counts, but a denial replaces a disconnect, since a call whose
   * client disconnected may still be drained. */
  stop(reason: StopReason): void {
    const isFirst = this.#stopped === undefined;
    const endsDrain = this.#stopped === 'disconnected' && reason !== 'disconnected';
    if (!isFirst && !endsDrain) return;
    this.#stopped = reason;
    this.#running?.stop(reason);
  }

  tick(nowMs: number): void {
    this.#running?.tick?.(nowMs);
  }
}

/** The denial of new calls while a guard closes, and of running ones that are cut at its end. */
export const CLOSING = deny('shutting_down', 'The service is restarting. Try again shortly.');

/** How many calls may be in flight at once. */
export interface InFlightBounds extends DrainBounds {
  /** Of one user, in this process. A queued call counts, and so does a drained one. */
  readonly inFlightPerUser: number;
}

/** What is cut still has to be posted; a ledger that hangs must not keep the process. */
const SETTLE_MS_MAX = 5_000;
const TICK_MS = 1_000;

/**
 * Every call between its hold and its settlement; one timer serves them all. `onTick` runs about once a
 * second for each call: the place of lease renewals and of looking for blocks.
 */
export class InFlightCalls {
  readonly #clock: Clock;
  readonly #drains: Drains;
  readonly #perUserMax: number;
  readonly #ofUsers = new UserCounts();
  readonly #onTick: (call: InFlightCall, nowMs: number) => void;
  readonly #calls = new UnorderedList<InFlightCall>();
  readonly #idleListeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(
    clock: Clock,
    bounds: InFlightBounds,
    onTick: (call: InFlightCall, nowMs: number) => void,
  ) {
    this.#clock = clock;
    this.#drains = new Drains(bounds);
    this.#perUserMax = bounds.inFlightPerUser;
    this.#onTick = onTick;
  }

  /** Whether new calls are refused, because the guard closes. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Returns why this user may not begin one more call; `undefined` if they may. `more`: their calls that
   * have not begun, and count too. */
  denialFor(userId: string, more = 0): Denial | undefined {
    if (this.#ofUsers.of(userId) + more < this.#perUserMax) return undefined;
    const most = `one user may have ${this.#perUserMax} here ("bounds.inFlightPerUser")`;
    return deny('too_many_concurrent', `Too many calls at once: ${most}.`);
  }

  /** The calls of a user in this process. */
  countOf(userId: string): number {
    return this.#ofUsers.of(userId);
  }

  begin(caller: Caller): InFlightCall {
    const call = new InFlightCall(caller, this.#clock.nowMs());
    this.#calls.add(call);
    this.#ofUsers.add(call.userId);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return call;
  }

  /** Exactly one `end` pairs with each `begin`. */
  end(call: InFlightCall): void {
    this.#calls.remove(call);
    this.#ofUsers.remove(call.userId);
    call.releasePlace?.();
    call.body?.release();
    if (call.draining) this.#drains.end(call.userId);
    if (this.#calls.size === 0) for (const listener of this.#idleListeners) listener();
  }

  /** Returns whether a call whose client disconnected is read to its end. Otherwise it must be cut. */
  drain(call: InFlightCall): boolean {
    call.draining ||= this.#drains.begin(call.userId);
    return call.draining;
  }

  /** The calls of one user, or all calls for `undefined`. */
  ofUser(userId: string | undefined): readonly InFlightCall[] {
    return this.#calls.all().filter((call) => userId === undefined || call.userId === userId);
  }

  /** The calls of one user token, or all calls for `undefined`. */
  ofToken(tokenId: string | undefined): readonly InFlightCall[] {
    return this.#calls.all().filter((call) => tokenId === undefined || call.tokenId === tokenId);
  }

  /** The calls of the members of one group, or all calls for `undefined`. */
  ofGroup(name: string | undefined): readonly InFlightCall[] {
    return this.#calls
      .all()
      .filter(
        ({ groups }) => name === undefined || groups.some((group) => groupName(group) === name),
      );
  }

  stopAll(reason: Denial): void {
    for (const call of this.#calls.all()) call.stop(reason);
  }

  /** Refuses new calls from now on, lets running ones end for `graceMs`, then cuts the rest. Resolves when
   * every call is settled, or 5 s after the cut. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    await this.whenIdle(graceMs);
    this.stopAll(CLOSING);
    await this.whenIdle(SETTLE_MS_MAX);
  }

  /** Resolves when no call is left, or after `deadlineMs`. */
  whenIdle(deadlineMs: number): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve(this.#rest());
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(deadline);
        this.#idleListeners.delete(done);
        resolve();
      };
      const deadline = setTimeout(done, deadlineMs);
      this.#idleListeners.add(done);
    });
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const call of this.#calls.all()) {
      this.#onTick(call, nowMs);
      call.tick(nowMs);
    }
    if (this.#calls.size === 0) this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
