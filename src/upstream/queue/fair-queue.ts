import { costOf, type FairCall, Flow } from './flow.ts';
import { type Round, roundOf } from './round.ts';
import { TagHeap } from './tag-heap.ts';

export interface FairQueueBounds {
  /** Calls that may wait. */
  readonly total: number;
  /** Calls of one user that may wait. */
  readonly perUser: number;
}

/**
 * Puts waiting calls into a fair order: over any time in which users wait, each is served tokens in
 * proportion to their weight, whatever the number and the size of their calls. The calls of one user
 * keep their order.
 *
 * This is start-time fair queuing with one tag per user: the virtual time at which the next call of the
 * user starts. The smallest tag is next, of equal tags the one that was set first; a call moves the tag of
 * its user on by tokens ÷ weight. So a call that leaves changes nothing for other calls. Every change
 * takes O(log users).
 *
 * A parked user is passed over while a user waits who is not parked.
 */
export class FairQueue<Call extends FairCall> {
  readonly #bounds: FairQueueBounds;
  readonly #flows = new Map<string, Flow<Call>>();
  /** A user who has no waiting call stays here until virtual time has passed their tag. */
  readonly #ready = new TagHeap<Flow<Call>>();
  /** Each of these users has a waiting call. */
  readonly #parked = new TagHeap<Flow<Call>>();
  #now = 0;
  #order = 0;
  #size = 0;
  #waitingWeight = 0;

  constructor(bounds: FairQueueBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#size;
  }

  /** The sum of the weights of all users who have a waiting call. */
  get waitingWeight(): number {
    return this.#waitingWeight;
  }

  /** Returns how many calls of a user wait. */
  ofUser(userId: string): number {
    return this.#flows.get(userId)?.calls.length ?? 0;
  }

  /** Whether one more call of a user may wait. */
  hasRoom(userId: string): boolean {
    const { total, perUser } = this.#bounds;
    return this.#size < total && this.ofUser(userId) < perUser;
  }

  /** Returns false if there is no room for the call. The weight counts from the user's next call on. */
  add(call: Call, weight: number): boolean {
    if (!this.hasRoom(call.userId)) return false;
    const flow = this.#flowOf(call.userId);
    const isFirst = flow.calls.length === 0;
    if (isFirst) this.#ready.move(flow, Math.max(flow.tag, this.#now), this.#nextOrder());
    flow.calls.push(call);
    this.#added(flow, weight);
    return true;
  }

  /** Returns the next call: the first one of the users who are not parked, else of the parked ones. */
  peek(): Call | undefined {
    return this.#first()?.calls[0];
  }

  /** Removes the call that `peek` returns. */
  take(): Call | undefined {
    const flow = this.#first();
    const call = flow?.calls.shift();
    if (flow === undefined || call === undefined) return undefined;
    // A call that was put back may have a tag below the present time, which never goes back.
    this.#now = Math.max(this.#now, flow.tag);
    call.charged = costOf(call) / flow.weight;
    this.#heapOf(flow).move(flow, flow.tag + call.charged, this.#nextOrder());
    this.#removed(flow);
    return call;
  }

  /**
   * Puts a call that was taken back to the head of its user's calls, and returns the virtual time that
   * it was charged, as if it had not been taken. The bounds do not apply to it.
   */
  putBack(call: Call, weight: number): void {
    const flow = this.#flowOf(call.userId);
    flow.calls.unshift(call);
    this.#heapOf(flow).move(flow, flow.tag - call.charged, -this.#nextOrder());
    call.charged = 0;
    this.#added(flow, weight);
  }

  /** Removes a waiting call. Returns false if it does not wait. */
  leave(call: Call): boolean {
    const flow = this.#flows.get(call.userId);
    const index = flow?.calls.indexOf(call) ?? -1;
    if (flow === undefined || index < 0) return false;
    flow.calls.splice(index, 1);
    this.#removed(flow);
    return true;
  }

  /**
   * Returns how many calls start within `span` of virtual time from the next one on: at most `callsMax`,
   * and no more once they have `tokensMax`. Changes nothing: calls that are taken before the ledger grants them, and put back when it does not,
   * would lose their turns to newcomers.
   */
  round(span: number, callsMax: number, tokensMax = Number.POSITIVE_INFINITY): Round {
    const first = this.#first();
    if (first === undefined) return { calls: 0, tokens: 0 };
    const until = first.tag + span;
    return roundOf(this.#heapOf(first), { until, callsMax, tokensMax });
  }

  isParked(userId: string): boolean {
    return this.#flows.get(userId)?.isParked ?? false;
  }

  /** Returns the parked users, in no order. */
  parkedUsers(): string[] {
    return this.#parked.all.map(({ userId }) => userId);
  }

  /** Passes a user over while others wait. Does nothing for a user who has no waiting call. */
  park(userId: string): void {
    const flow = this.#flows.get(userId);
    if (flow === undefined || flow.isParked || flow.calls.length === 0) return;
    this.#ready.remove(flow);
    flow.isParked = true;
    this.#parked.add(flow);
  }

  /** Lets a parked user take turns again. What they were passed over is not made up for. */
  unpark(userId: string): void {
    const flow = this.#flows.get(userId);
    if (flow?.isParked) this.#return(flow);
  }

  #return(flow: Flow<Call>): void {
    this.#parked.remove(flow);
    flow.isParked = false;
    flow.tag = Math.max(flow.tag, this.#now);
    flow.order = this.#nextOrder();
    this.#ready.add(flow);
  }

  /** The flow of the next call. */
  #first(): Flow<Call> | undefined {
    for (let flow = this.#ready.first; flow !== undefined; flow = this.#ready.first) {
      if (flow.calls.length > 0) return flow;
      // Time passes those who have no waiting call. Otherwise coming back would be a way to the front.
      this.#now = Math.max(this.#now, flow.tag);
      this.#ready.remove(flow);
      this.#flows.delete(flow.userId);
    }
    return this.#parked.first;
  }

  #flowOf(userId: string): Flow<Call> {
    const known = this.#flows.get(userId);
    if (known !== undefined) return known;
    const flow = new Flow<Call>(userId, this.#now, this.#nextOrder());
    this.#flows.set(userId, flow);
    this.#ready.add(flow);
    return flow;
  }

  #nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  #heapOf({ isParked }: Flow<Call>): TagHeap<Flow<Call>> {
    return isParked ? this.#parked : this.#ready;
  }

  #added(flow: Flow<Call>, weight: number): void {
    this.#size += 1;
    this.#waitingWeight += flow.calls.length === 1 ? weight : weight - flow.weight;
    flow.weight = weight;
  }

  #removed(flow: Flow<Call>): void {
    this.#size -= 1;
    if (flow.calls.length > 0) return;
    // Rounding must not add up.
    this.#waitingWeight = this.#size === 0 ? 0 : this.#waitingWeight - flow.weight;
    if (flow.isParked) this.#return(flow);
  }
}
