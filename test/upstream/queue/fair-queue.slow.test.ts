import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../src/upstream/queue/fair-queue.ts';
import type { FairCall } from '../../../src/upstream/queue/flow.ts';
import { type Choices, choices } from '../../soak/random.ts';
import { NaiveFairQueue } from './naive-fair-queue.ts';

interface TestCall extends FairCall {
  readonly name: string;
}

const BOUNDS = { total: 1_000, perUser: 1_000 };

function callOf(userId: string, tokens = 100, name = userId): TestCall {
  return { userId, tokens, name, charged: 0 };
}

/** Adds `count` calls of a user. */
function addMany(
  queue: FairQueue<TestCall>,
  count: number,
  call: () => TestCall,
  weight = 1,
): void {
  for (let added = 0; added < count; added += 1) queue.add(call(), weight);
}

const takenNames = (queue: FairQueue<TestCall>, count: number): (string | undefined)[] =>
  Array.from({ length: count }, () => queue.take()?.name);

const countOf = (names: readonly (string | undefined)[], name: string): number =>
  names.filter((other) => other === name).length;

describe('FairQueue', () => {
  it('the calls of one user keep their order', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    for (const name of ['first', 'second', 'third']) queue.add(callOf('user', 100, name), 1);
    expect(takenNames(queue, 4)).toEqual(['first', 'second', 'third', undefined]);
  });

  it('a user with many calls waits as long as a user with one', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    addMany(queue, 50, () => callOf('heavy'));
    queue.add(callOf('light'), 1);
    expect(takenNames(queue, 3)).toContain('light');
  });

  it('Users are served tokens in proportion to their weights, whatever the size of their calls', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    addMany(queue, 400, () => callOf('small', 10));
    addMany(queue, 100, () => callOf('large', 100));
    addMany(queue, 100, () => callOf('weighty', 100), 4);
    const names = takenNames(queue, 120);
    expect(countOf(names, 'large') / countOf(names, 'small')).toBeCloseTo(0.1, 1);
    expect(countOf(names, 'weighty') / countOf(names, 'large')).toBeCloseTo(4, 0);
  });

  it('the bounds hold in all and per user, and only for calls that wait', () => {
    const queue = new FairQueue<TestCall>({ total: 3, perUser: 2 });
    expect(queue.add(callOf('a'), 1)).toBe(true);
    expect(queue.add(callOf('a'), 1)).toBe(true);
    expect(queue.hasRoom('a')).toBe(false);
    expect(queue.add(callOf('a'), 1)).toBe(false);
    expect(queue.add(callOf('b'), 1)).toBe(true);
    expect(queue.add(callOf('c'), 1)).toBe(false);
    expect(queue.size).toBe(3);
    queue.take();
    expect(queue.add(callOf('c'), 1)).toBe(true);
  });

  it('a call that leaves changes the turn of no other call', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    const left = callOf('a', 100, 'left');
    queue.add(left, 1);
    queue.add(callOf('a', 100, 'a'), 1);
    queue.add(callOf('b'), 1);
    expect(queue.leave(left)).toBe(true);
    expect(queue.leave(left)).toBe(false);
    expect(takenNames(queue, 3).sort()).toEqual(['a', 'b', undefined]);
  });

  it('a call that was put back is the next one of its user, and costs them one turn', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    const refused = callOf('a', 100, 'refused');
    queue.add(refused, 1);
    addMany(queue, 3, () => callOf('a'));
    addMany(queue, 4, () => callOf('b'));
    expect(queue.take()).toBe(refused);
    queue.putBack(refused, 1);
    const names = takenNames(queue, 4);
    expect(names.filter((name) => name !== 'b')).toEqual(['refused', 'a']);
  });

  it('the waiting weight counts each user who waits once, by their latest weight', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    queue.add(callOf('a'), 1);
    queue.add(callOf('a'), 3);
    queue.add(callOf('b'), 2);
    expect(queue.waitingWeight).toBe(5);
    takenNames(queue, 2);
    expect(queue.waitingWeight).toBeLessThanOrEqual(5);
    takenNames(queue, 1);
    expect(queue.waitingWeight).toBe(0);
  });

  it('users who waited for nothing yet take turns in the order in which they came', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    const names = Array.from({ length: 20 }, (_, user) => `user-${user}`);
    for (const name of names) queue.add(callOf(name), 1);
    expect(takenNames(queue, 10)).toEqual(names.slice(0, 10));
    queue.add(callOf('newcomer'), 1);
    expect(takenNames(queue, 11)).toEqual([...names.slice(10), 'newcomer']);
  });

  it('a parked user is passed over while another user waits, and goes when no other does', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    addMany(queue, 2, () => callOf('parked'));
    queue.park('parked');
    addMany(queue, 2, () => callOf('other'));
    expect(takenNames(queue, 4)).toEqual(['other', 'other', 'parked', 'parked']);
  });

  it('a user who is no longer parked does not get the turns that they were passed over', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    addMany(queue, 20, () => callOf('parked'));
    addMany(queue, 20, () => callOf('other'));
    queue.park('parked');
    takenNames(queue, 10);
    queue.unpark('parked');
    expect(countOf(takenNames(queue, 10), 'parked')).toBeLessThanOrEqual(6);
  });
});

describe('Mistakes that break fairness silently', () => {
  it('a user who comes back again and again does not overtake a user who waits', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    addMany(queue, 10, () => callOf('waits', 100));
    const names: (string | undefined)[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      queue.peek();
      if (queue.ofUser('returns') === 0) queue.add(callOf('returns', 10), 1);
      names.push(queue.take()?.name);
    }
    expect(countOf(names, 'waits')).toBeGreaterThanOrEqual(5);
  });

  it('time does not go back when a call that was put back is taken', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    const refused = callOf('refused', 1_000);
    queue.add(refused, 1);
    queue.take();
    addMany(queue, 20, () => callOf('waits', 100));
    takenNames(queue, 10);
    queue.putBack(refused, 1);
    expect(queue.take()).toBe(refused);
    addMany(queue, 100, () => callOf('newcomer', 10));
    // A newcomer starts at the present, at most one call of the user who waits behind them.
    expect(takenNames(queue, 12)).toContain('waits');
  });

  it('a call that is put back returns what it was charged, not what it would cost by the weight of now', () => {
    const queue = new FairQueue<TestCall>(BOUNDS);
    addMany(queue, 100, () => callOf('other', 100));
    addMany(queue, 50, () => callOf('moving', 100));
    for (let turn = 0; turn < 20; turn += 1) {
      queue.add(callOf('moving', 100), 4);
      const taken = queue.take();
      queue.add(callOf('moving', 100), 1);
      if (taken?.userId === 'moving') queue.putBack(taken, 1);
    }
    expect(countOf(takenNames(queue, 20), 'other')).toBeGreaterThanOrEqual(9);
  });

  it('looking at a round changes no turn', () => {
    const looked = new FairQueue<TestCall>(BOUNDS);
    const other = new FairQueue<TestCall>(BOUNDS);
    for (const queue of [looked, other]) {
      for (const user of ['a', 'b', 'c']) addMany(queue, 4, () => callOf(user, 50));
    }
    const names: [unknown, unknown][] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      expect(looked.round(100, 4).calls).toBe(Math.min(looked.size, 4));
      names.push([looked.take()?.name, other.take()?.name]);
    }
    expect(names.map(([name]) => name)).toEqual(names.map(([, name]) => name));
  });
});

const SEEDS = 200;
const OPERATIONS = 3_000;
const USERS = 15;

/** The queue and the model, side by side. */
class Pair {
  readonly #queue: FairQueue<TestCall>;
  readonly #model: NaiveFairQueue<TestCall>;
  readonly #random: Choices;
  readonly #waiting: TestCall[] = [];
  readonly #taken: TestCall[] = [];

  constructor(seed: number) {
    const bounds = { total: 60, perUser: 6 };
    this.#queue = new FairQueue(bounds);
    this.#model = new NaiveFairQueue(bounds);
    this.#random = choices(seed);
  }

  /** Does the same in both. Throws where they differ. */
  operate(): void {
    const kind = this.#random.next();
    if (kind < 0.45) this.#add();
    else if (kind < 0.75) this.#take();
    else if (kind < 0.83) this.#leave();
    else if (kind < 0.88) this.#putBack();
    else if (kind < 0.94) this.#park();
    else this.#unpark();
    this.#compare();
  }

  #add(): void {
    const call = callOf(this.#user(), 1 + 99 * this.#random.next());
    const weight = this.#random.between(1, 4);
    const isAdded = this.#queue.add(call, weight);
    same(isAdded, this.#model.add(call, weight), 'added');
    if (isAdded) this.#waiting.push(call);
  }

  #take(): void {
    const call = this.#queue.take();
    if (call === undefined) return same(this.#model.size, 0, 'size');
    same(call, this.#model.head(), 'taken');
    this.#model.take(call);
    this.#waiting.splice(this.#waiting.indexOf(call), 1);
    this.#taken.push(call);
  }

  #leave(): void {
    const call = this.#waiting.splice(this.#random.between(0, this.#waiting.length - 1), 1)[0];
    if (call === undefined) return;
    same(this.#queue.leave(call), true, 'left');
    same(this.#queue.leave(call), false, 'left twice');
    this.#model.leave(call);
  }

  #putBack(): void {
    const call = this.#taken.pop();
    if (call === undefined) return;
    const weight = this.#random.between(1, 4);
    this.#model.putBack(call, call.charged, weight);
    this.#queue.putBack(call, weight);
    this.#waiting.push(call);
  }

  #park(): void {
    const userId = this.#user();
    this.#queue.park(userId);
    this.#model.park(userId);
  }

  #unpark(): void {
    const userId = this.#user();
    this.#queue.unpark(userId);
    this.#model.unpark(userId);
  }

  #compare(): void {
    const { size, waitingWeight } = this.#queue;
    const head = this.#queue.peek();
    same(size, this.#model.size, 'size');
    near(waitingWeight, this.#model.waitingWeight, 'waiting weight');
    same(head, this.#model.head(), 'head');
    const [callsMax, tokensMax] = [this.#random.between(1, 10), this.#random.between(1, 500)];
    const round = this.#queue.round(50, callsMax, tokensMax);
    const expected = this.#model.round(50, callsMax, tokensMax);
    same(round.calls, expected.calls, 'calls of a round');
    near(round.tokens, expected.tokens, 'tokens of a round');
  }

  #user(): string {
    return `user-${this.#random.between(1, USERS)}`;
  }
}

function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}

function near(actual: number, expected: number, what: string): void {
  if (Math.abs(actual - expected) > 1e-6) throw new Error(`${what}: ${actual}, not ${expected}`);
}

describe('FairQueue beside a naive model', () => {
  it(`A fair queue does the same as a naive model in ${OPERATIONS} random operations with each of ${SEEDS} seeds`, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const pair = new Pair(seed);
      for (let done = 0; done < OPERATIONS; done += 1) {
        try {
          pair.operate();
        } catch (error) {
          throw new Error(`seed ${seed}, operation ${done}`, { cause: error });
        }
      }
    }
  });
});
