import { isPromiseLike, type Soon } from '../base/deadline.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import { BodyError } from '../core/errors.ts';
import type { BodyRoom } from '../core/request.ts';
import { UserCounts } from './user-counts.ts';

/** How many bytes of request bodies the guard holds at once. */
export interface BodyBudgetBounds {
  /** In this process. */
  readonly bodyBytesInFlight: number;
  /** Of one user, in this process. */
  readonly bodyBytesInFlightPerUser: number;
}

/**
 * Bounds the bytes of request bodies in flight: from their arrival until their calls are settled or denied.
 * A body always fits if there is no other. What a client only announces counts for its user at once, so
 * that they are refused before they send it; the process counts what has arrived, so that announcing alone
 * takes nothing from other users.
 */
export class BodyBudget {
  readonly #bounds: BodyBudgetBounds;
  readonly #ofUsers = new UserCounts();
  #all = 0;

  constructor(bounds: BodyBudgetBounds) {
    this.#bounds = bounds;
  }

  /** Room for the body of one call, which takes nothing yet. */
  roomFor(userId: string): CallBody {
    return new CallBody(this, userId);
  }

  /** Whether `bytes` more fit into the process, for a call that has `own` already. */
  fits(bytes: number, own: number): boolean {
    return this.#all === own || this.#all + bytes <= this.#bounds.bodyBytesInFlight;
  }

  /** The same for what is counted for one user. */
  fitsUser(userId: string, bytes: number, own: number): boolean {
    const ofUser = this.#ofUsers.of(userId);
    return ofUser === own || ofUser + bytes <= this.#bounds.bodyBytesInFlightPerUser;
  }

  /** So many more bytes have arrived. */
  take(bytes: number): void {
    this.#all += bytes;
  }

  takeOfUser(userId: string, bytes: number): void {
    this.#ofUsers.add(userId, bytes);
  }

  /** Gives back what has arrived, and what was counted for the user. */
  giveBack(bytes: number, userId: string, ofUser: number): void {
    this.#all -= bytes;
    if (ofUser > 0) this.#ofUsers.remove(userId, ofUser);
  }
}

/** The body of one call, in the budget. */
export class CallBody implements BodyRoom {
  readonly #budget: BodyBudget;
  readonly #userId: string;
  #arrived = 0;
  /** What is counted for the user: what was announced, or more if more has arrived. */
  #ofUser = 0;
  #released = false;

  constructor(budget: BodyBudget, userId: string) {
    this.#budget = budget;
    this.#userId = userId;
  }

  announce(bytes: number): void {
    if (!this.#budget.fits(bytes, 0)) throw busy();
    this.#takeOfUser(bytes);
  }

  take(bytes: number): void {
    if (this.#released) throw new BodyError('invalid_request', 'The body did not arrive in time.');
    if (!this.#budget.fits(bytes, this.#arrived)) throw busy();
    this.#takeOfUser(this.#arrived + bytes - this.#ofUser);
    this.#arrived += bytes;
    this.#budget.take(bytes);
  }

  /** Gives all of it back. Idempotent. What still arrives is refused. */
  release(): void {
    this.#released = true;
    this.#budget.giveBack(this.#arrived, this.#userId, this.#ofUser);
    this.#arrived = 0;
    this.#ofUser = 0;
  }

  /** Runs a step that reads the body, and gives it back if the step denies the call or fails. */
  during<T>(step: () => Soon<T | Denial>): Soon<T | Denial> {
    const passed = (result: T | Denial) => {
      if (isDenial(result)) this.release();
      return result;
    };
    const failed = (error: unknown): never => {
      this.release();
      throw error;
    };
    try {
      const result = step();
      return isPromiseLike(result) ? result.then(passed, failed) : passed(result);
    } catch (error) {
      return failed(error);
    }
  }

  #takeOfUser(bytes: number): void {
    if (bytes <= 0) return;
    if (!this.#budget.fitsUser(this.#userId, bytes, this.#ofUser)) throw tooManyOfUser();
    this.#budget.takeOfUser(this.#userId, bytes);
    this.#ofUser += bytes;
  }
}

const busy = () =>
  new BodyError('server_busy', 'The service handles too many request bodies. Try again shortly.');

const tooManyOfUser = () =>
  new BodyError(
    'too_many_body_bytes',
    'Your calls in flight have too many bytes in their bodies. Wait for one of them to end.',
  );
