import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type QueueBounds,
  type QueuedCaller,
  type Release,
  UpstreamQueue,
} from '../../src/upstream/queue.ts';

const ignore = () => {};

function queueOf(bounds: Partial<QueueBounds> = {}): UpstreamQueue {
  return new UpstreamQueue({ placesMax: 1, queuedMax: 10, deadlineMs: 60_000, ...bounds });
}

/** Takes a place that must be free. */
function take(queue: UpstreamQueue): Release {
  const release = queue.acquire(ignore);
  if (typeof release !== 'function') throw new Error('no place is free');
  return release;
}

interface Waiting {
  readonly place: Promise<Release | undefined>;
  readonly caller: QueuedCaller;
}

/** Joins the queue. */
function join(queue: UpstreamQueue): Waiting {
  let caller: QueuedCaller = { stop: ignore };
  const place = queue.acquire((queued) => {
    caller = queued;
  });
  if (!(place instanceof Promise)) throw new Error('was not queued');
  return { place, caller };
}

/** Joins the queue; the name is noted when the caller has a place. */
function joinAs(name: string, queue: UpstreamQueue, order: string[]): Waiting {
  const waiting = join(queue);
  void waiting.place.then((release) => release !== undefined && order.push(name));
  return waiting;
}

describe('UpstreamQueue', () => {
  it('a free place is returned at once, without a promise', () => {
    const queue = queueOf({ placesMax: 2 });
    expect(queue.acquire(ignore)).toBeTypeOf('function');
    expect(queue.acquire(ignore)).toBeTypeOf('function');
    expect(queue.acquire(ignore)).toBeInstanceOf(Promise);
  });

  it('isFree is true only while a place is free and no caller waits', async () => {
    const queue = queueOf();
    expect(queue.isFree).toBe(true);
    const release = take(queue);
    expect(queue.isFree).toBe(false);
    const { place } = join(queue);
    release();
    expect(queue.isFree).toBe(false);
    (await place)?.();
    await expect.poll(() => queue.isFree).toBe(true);
  });

  it('callers get places in the order in which they came', async () => {
    const queue = queueOf();
    const order: string[] = [];
    const release = take(queue);
    const waiting = ['first', 'second', 'third'].map((name) => joinAs(name, queue, order));
    release();
    for (const { place } of waiting) (await place)?.();
    expect(order).toEqual(['first', 'second', 'third']);
  });

  it('a caller that comes when a place is freed does not overtake those that wait', async () => {
    const queue = queueOf();
    const order: string[] = [];
    const release = take(queue);
    const first = joinAs('first', queue, order);
    release();
    const late = joinAs('late', queue, order);
    (await first.place)?.();
    await late.place;
    expect(order).toEqual(['first', 'late']);
  });

  it('several free places let several callers in', async () => {
    const queue = queueOf({ placesMax: 2 });
    const releases = [take(queue), take(queue)];
    const waiting = [join(queue), join(queue)];
    for (const release of releases) release();
    const places = await Promise.all(waiting.map(({ place }) => place));
    expect(places.map((place) => typeof place)).toEqual(['function', 'function']);
  });

  it('a caller beyond the bound is refused at once, and later ones are served again', async () => {
    const queue = queueOf({ queuedMax: 2 });
    const release = take(queue);
    const waiting = [join(queue), join(queue)];
    expect(queue.acquire(ignore)).toBeUndefined();
    release();
    for (const { place } of waiting) (await place)?.();
    await expect.poll(() => queue.isFree).toBe(true);
    expect(queue.acquire(ignore)).toBeTypeOf('function');
  });

  it('without room in the queue every caller beyond the places is refused', () => {
    const queue = queueOf({ queuedMax: 0 });
    take(queue);
    expect(queue.acquire(ignore)).toBeUndefined();
  });

  it('a place that is given back twice is free once', () => {
    const queue = queueOf({ placesMax: 2 });
    const release = take(queue);
    take(queue);
    release();
    release();
    take(queue);
    expect(queue.isFree).toBe(false);
  });
});

describe('A caller that leaves the queue', () => {
  it('a caller that leaves gets no place, and the next one gets it', async () => {
    const queue = queueOf();
    const release = take(queue);
    const [first, second, third] = [join(queue), join(queue), join(queue)];
    second.caller.stop();
    await expect(second.place).resolves.toBeUndefined();
    release();
    (await first.place)?.();
    expect(await third.place).toBeTypeOf('function');
  });

  it('the caller at the head may leave too', async () => {
    const queue = queueOf();
    const release = take(queue);
    const [first, second] = [join(queue), join(queue)];
    first.caller.stop();
    await expect(first.place).resolves.toBeUndefined();
    release();
    expect(await second.place).toBeTypeOf('function');
  });

  it('leaving twice is leaving once', async () => {
    const queue = queueOf();
    const release = take(queue);
    const [first, second] = [join(queue), join(queue)];
    first.caller.stop();
    first.caller.stop();
    release();
    expect(await second.place).toBeTypeOf('function');
    expect(queue.isFree).toBe(false);
  });

  it('leaving has no effect once the caller has a place', async () => {
    const queue = queueOf();
    const release = take(queue);
    const { place, caller } = join(queue);
    release();
    const taken = await place;
    caller.stop();
    expect(queue.isFree).toBe(false);
    taken?.();
    await expect.poll(() => queue.isFree).toBe(true);
  });

  it('a caller that left counts against the bound until it would have been next', async () => {
    const queue = queueOf({ queuedMax: 2 });
    const release = take(queue);
    const [first, second] = [join(queue), join(queue)];
    second.caller.stop();
    expect(queue.acquire(ignore)).toBeUndefined();
    release();
    const taken = await first.place;
    await expect.poll(() => queue.acquire(ignore) !== undefined).toBe(true);
    taken?.();
  });
});

describe('The deadline of the queue', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('a caller gets no place after the deadline, and keeps none from the next', async () => {
    const queue = queueOf({ deadlineMs: 1_000 });
    const release = take(queue);
    const early = join(queue);
    await vi.advanceTimersByTimeAsync(999);
    const late = join(queue);
    await vi.advanceTimersByTimeAsync(1);
    await expect(early.place).resolves.toBeUndefined();
    release();
    expect(await late.place).toBeTypeOf('function');
  });

  it('no timer is left when a caller has a place or has left', async () => {
    const queue = queueOf();
    const release = take(queue);
    const [first, second] = [join(queue), join(queue)];
    expect(vi.getTimerCount()).toBe(2);
    second.caller.stop();
    expect(vi.getTimerCount()).toBe(1);
    release();
    await first.place;
    expect(vi.getTimerCount()).toBe(0);
  });
});
