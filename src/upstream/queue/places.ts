/** Which users may take a free place: those below their share, or all. */
export type Takers = 'below-share' | 'all';

/** A queue whose calls need places. */
export interface PlaceTaker {
  /** A place is free. Takes it if a call can use it. */
  useFreePlace(takers: Takers): void;
}

/** What sums of weights may be off by, in places. */
const ROUNDING = 1e-6;

/** What one user has in this process. */
interface UserPlaces {
  running: number;
  waiting: number;
  weight: number;
}

/**
 * The places for calls that run at once, shared by all queues of a process. A user's share is
 * `total` × their weight ÷ the weights of all users who run or wait, rounded up.
 */
export class Places {
  readonly #total: number;
  readonly #users = new Map<string, UserPlaces>();
  /** Those in which calls wait, in the order of their next offer. */
  readonly #queues = new Set<PlaceTaker>();
  #free: number;
  /** The weights of all users who run or wait. */
  #weight = 0;
  #waitingUsers = 0;
  #sharesVersion = 0;
  #isOffering = false;

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  get free(): number {
    return this.#free;
  }

  /** Changes whenever a user may have fallen below their share. */
  get sharesVersion(): number {
    return this.#sharesVersion;
  }

  /** Offers freed places to a queue from now on. */
  addQueue(queue: PlaceTaker): void {
    this.#queues.add(queue);
  }

  /** No call waits in this queue. */
  removeQueue(queue: PlaceTaker): void {
    this.#queues.delete(queue);
  }

  /** Takes a free place. */
  take(userId: string, weight: number): void {
    this.#free -= 1;
    this.#userOf(userId, weight).running += 1;
  }

  /** Ends a call, and offers its place to the queues. */
  giveBack(userId: string): void {
    const user = this.#users.get(userId);
    if (user !== undefined) {
      user.running -= 1;
      this.#dropIfIdle(userId, user);
    }
    this.#sharesVersion += 1;
    this.release(1);
  }

  /** Keeps free places for calls whose user is not known yet. */
  hold(count: number): void {
    this.#free -= count;
  }

  /** Gives a held place to a call. */
  takeHeld(userId: string, weight: number): void {
    this.#userOf(userId, weight).running += 1;
  }

  /** Gives held places back. */
  release(count: number): void {
    this.#free += count;
    if (this.#waitingUsers > 0) this.#offer();
  }

  /** A call of a user begins to wait. */
  beginWait(userId: string, weight: number): void {
    const user = this.#userOf(userId, weight);
    if (user.waiting === 0) this.#waitingUsers += 1;
    user.waiting += 1;
  }

  /** A call of a user waits no longer. */
  endWait(userId: string): void {
    const user = this.#users.get(userId);
    if (user === undefined) return;
    user.waiting -= 1;
    if (user.waiting > 0) return;
    this.#waitingUsers -= 1;
    this.#sharesVersion += 1;
    this.#dropIfIdle(userId, user);
  }

  /** Whether a user has their share of the places, and another user waits. */
  isAtShare(userId: string): boolean {
    const user = this.#users.get(userId);
    if (user === undefined || !this.#isAwaitedByOthers(user)) return false;
    const share = (this.#total * user.weight) / this.#weight;
    return user.running >= Math.ceil(share - ROUNDING);
  }

  #isAwaitedByOthers({ waiting }: UserPlaces): boolean {
    return this.#waitingUsers > (waiting > 0 ? 1 : 0);
  }

  #userOf(userId: string, weight: number): UserPlaces {
    const known = this.#users.get(userId);
    if (known === undefined) {
      const user = { running: 0, waiting: 0, weight };
      this.#users.set(userId, user);
      this.#weight += weight;
      return user;
    }
    if (known.weight !== weight) {
      this.#weight += weight - known.weight;
      known.weight = weight;
      this.#sharesVersion += 1;
    }
    return known;
  }

  #dropIfIdle(userId: string, { running, waiting, weight }: UserPlaces): void {
    if (running > 0 || waiting > 0) return;
    this.#users.delete(userId);
    // Rounding must not add up.
    this.#weight = this.#users.size === 0 ? 0 : this.#weight - weight;
  }

  /** Offers free places to the queues in turn, and first to users below their share in any of them. */
  #offer(): void {
    if (this.#isOffering) return;
    this.#isOffering = true;
    try {
      this.#rotate();
      this.#offerTo('below-share');
      this.#offerTo('all');
    } finally {
      this.#isOffering = false;
    }
  }

  #offerTo(takers: Takers): void {
    for (const queue of [...this.#queues]) {
      if (this.#free <= 0) return;
      queue.useFreePlace(takers);
    }
  }

  #rotate(): void {
    const [first] = this.#queues;
    if (first === undefined) return;
    this.#queues.delete(first);
    this.#queues.add(first);
  }
}
