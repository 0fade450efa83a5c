import type { FairQueueBounds } from '../../../src/upstream/queue/fair-queue.ts';
import type { FairCall } from '../../../src/upstream/queue/flow.ts';
import type { Round } from '../../../src/upstream/queue/round.ts';

interface NaiveUser<Call> {
  calls: Call[];
  weight: number;
  tag: number;
  order: number;
  isParked: boolean;
}

const PASSED = Number.NEGATIVE_INFINITY;

/** What a fair queue does, in the fewest words: every user is kept for ever, and all are looked at each time. */
export class NaiveFairQueue<Call extends FairCall> {
  readonly #bounds: FairQueueBounds;
  readonly #users = new Map<string, NaiveUser<Call>>();
  #now = 0;
  #order = 0;

  constructor(bounds: FairQueueBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#waiting().reduce((sum, { calls }) => sum + calls.length, 0);
  }

  get waitingWeight(): number {
    return this.#waiting().reduce((sum, { weight }) => sum + weight, 0);
  }

  head(): Call | undefined {
    const ready = this.#waiting().filter(({ isParked }) => !isParked);
    const candidates = ready.length > 0 ? ready : this.#waiting();
    const [first] = candidates.sort((a, b) => a.tag - b.tag || a.order - b.order);
    this.#pass(ready.length > 0 ? first : undefined);
    return first?.calls[0];
  }

  add(call: Call, weight: number): boolean {
    const user = this.#userOf(call.userId);
    if (this.size >= this.#bounds.total || user.calls.length >= this.#bounds.perUser) return false;
    if (user.calls.length === 0) this.#place(user, Math.max(user.tag, this.#now));
    user.calls.push(call);
    user.weight = weight;
    return true;
  }

  /** Takes the `head`. */
  take(call: Call): void {
    const user = this.#userOf(call.userId);
    user.calls.shift();
    this.#now = Math.max(this.#now, user.tag);
    this.#place(user, user.tag + call.tokens / user.weight);
    this.#unparkIfIdle(user);
  }

  putBack(call: Call, charged: number, weight: number): void {
    const user = this.#userOf(call.userId);
    user.calls.unshift(call);
    user.weight = weight;
    this.#place(user, (user.tag === PASSED ? this.#now : user.tag) - charged);
    user.order = -user.order;
  }

  leave(call: Call): void {
    const user = this.#userOf(call.userId);
    user.calls = user.calls.filter((other) => other !== call);
    this.#unparkIfIdle(user);
  }

  round(span: number, callsMax: number, tokensMax: number): Round {
    const head = this.head();
    if (head === undefined) return { calls: 0, tokens: 0 };
    const first = this.#userOf(head.userId);
    const starts = this.#waiting()
      .filter(({ isParked }) => isParked === first.isParked)
      .flatMap((user) => startsOf(user))
      .filter(({ tag }) => tag < first.tag + span)
      .sort((a, b) => a.tag - b.tag || a.order - b.order);
    const round = { calls: 0, tokens: 0 };
    for (const { call } of starts) {
      if (round.calls >= callsMax || round.tokens >= tokensMax) break;
      round.calls += 1;
      round.tokens += call.tokens;
    }
    return round;
  }

  park(userId: string): void {
    const user = this.#userOf(userId);
    user.isParked = user.calls.length > 0;
  }

  unpark(userId: string): void {
    const user = this.#userOf(userId);
    if (!user.isParked) return;
    user.isParked = false;
    this.#place(user, Math.max(user.tag, this.#now));
  }

  #unparkIfIdle(user: NaiveUser<Call>): void {
    if (user.calls.length > 0 || !user.isParked) return;
    user.isParked = false;
    this.#place(user, Math.max(user.tag, this.#now));
  }

  /** Time passes the tags of those who have no waiting call. They start at the present when they come back. */
  #pass(first: NaiveUser<Call> | undefined): void {
    for (const user of this.#users.values()) {
      if (user.calls.length > 0) continue;
      const isBefore = first && (user.tag - first.tag || user.order - first.order) < 0;
      if (isBefore === false) continue;
      this.#now = Math.max(this.#now, user.tag);
      user.tag = PASSED;
    }
  }

  #place(user: NaiveUser<Call>, tag: number): void {
    this.#order += 1;
    user.tag = tag;
    user.order = this.#order;
  }

  #waiting(): NaiveUser<Call>[] {
    return [...this.#users.values()].filter(({ calls }) => calls.length > 0);
  }

  #userOf(userId: string): NaiveUser<Call> {
    const known = this.#users.get(userId);
    if (known !== undefined) return known;
    const user = { calls: [], weight: 1, tag: this.#now, order: 0, isParked: false };
    this.#users.set(userId, user);
    return user;
  }
}

/** When each call of a user starts if no other call comes. */
function startsOf<Call extends FairCall>({ calls, weight, ...user }: NaiveUser<Call>) {
  let { tag, order } = user;
  return calls.map((call) => {
    const start = { call, tag, order };
    tag += call.tokens / weight;
    order = Number.POSITIVE_INFINITY;
    return start;
  });
}
