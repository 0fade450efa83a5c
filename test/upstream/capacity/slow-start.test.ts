import { describe, expect, it } from 'vitest';
import type { Capacity } from '../../../src/upstream/capacity/capacity.ts';
import { headersOf, noHeaders, settled, world } from './world.ts';

const LIMITS = { requests: 500, tokens: 200_000 };

const isOpen = (capacity: Capacity) => capacity.opensAtMs === 0;

/** Lets calls leave until none may. */
function fill(capacity: Capacity) {
  const calls = [];
  while (isOpen(capacity)) calls.push(capacity.leave(undefined));
  return calls;
}

describe('The slow start', () => {
  it('lets 32 calls of a process be on their way until anything is known', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    expect(capacity.roundMax).toBe(32);
    expect(fill(capacity)).toHaveLength(32);
    expect(capacity.opensAtMs).toBe(Number.POSITIVE_INFINITY);
    expect(capacity.status()).toMatchObject({ mode: 'unknown', onTheWay: 32 });
  });

  it('lets two calls leave for each answer that shows no limit', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    const calls = fill(capacity);
    for (const call of calls.splice(0, 8)) call.answered(noHeaders);
    expect(fill(capacity)).toHaveLength(16);
  });

  it('lets one call leave for one that failed', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    for (const call of fill(capacity).splice(0, 8)) call.failed(true);
    expect(fill(capacity)).toHaveLength(8);
  });

  it('calls its listeners when a call may leave again', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    let opened = 0;
    capacity.onOpen(() => {
      opened += 1;
    });
    const calls = fill(capacity);
    expect(opened).toBe(0);
    calls.pop()?.failed(true);
    expect(opened).toBe(1);
    calls.pop()?.failed(true);
    expect(opened).toBe(1);
  });

  it('goes on until the ledger was compared with the upstream, so that calls on their way are counted', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    const first = [];
    for (let count = 0; count < 32; count += 1) first.push(await w.send(capacity, 100));
    const [answered] = first.splice(0, 1);
    answered?.departure.answered(headersOf(answered.verdict));
    await settled();
    expect(capacity.status()).toMatchObject({ mode: 'learned', corrections: 0 });
    expect(await w.used(capacity)).toEqual({ rpm: 1, tpm: 100 });
    const counted = await w.send(capacity, 100);
    if (counted !== undefined) await w.answer(counted);
    expect(await w.used(capacity)).toEqual({ rpm: 33, tpm: 3_300 });
    expect(capacity.status().corrections).toBe(1);
    expect(capacity.roundMax).toBeGreaterThan(1);
    for (let count = 0; count < 100; count += 1) capacity.leave(undefined);
    expect(isOpen(capacity)).toBe(true);
  });

  it('is not repeated by a process that starts later', async () => {
    await using w = world(LIMITS);
    const first = w.start();
    await w.call(first);
    await w.call(first);
    const late = w.start();
    await settled();
    for (let count = 0; count < 100; count += 1) late.leave(undefined);
    expect(isOpen(late)).toBe(true);
  });
});
