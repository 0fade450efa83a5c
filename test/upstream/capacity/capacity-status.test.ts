import { describe, expect, it } from 'vitest';
import type { CapacityStatus } from '../../../src/upstream/capacity/capacity-status.ts';
import { headersOf, noHeaders, settled, world } from './world.ts';

const DAY_MS = 86_400_000;
const LIMITS = { requests: 500, tokens: 200_000 };

describe('The status of a capacity', () => {
  it('shows what all processes have left, refilled since', async () => {
    await using w = world(LIMITS);
    const [first, second] = [w.start(), w.start()];
    await w.call(first, 20_000);
    await w.call(second, 20_000);
    await w.call(first, 20_000);
    const remaining = () => first.status().limits.map((limit) => limit.remaining);
    expect(remaining()).toEqual([497, 140_000]);
    await w.clock.pass(6_000);
    expect(remaining()).toEqual([500, 160_000]);
    await w.clock.pass(3_600_000);
    expect(remaining()).toEqual([500, 200_000]);
  });

  it('does not show what is left before a call has taken it', async () => {
    await using w = world(LIMITS);
    const capacity = w.start({ rpm: 100 });
    expect(capacity.status().limits).toEqual([
      { unit: 'requests', limit: 100, periodMs: 60_000, remaining: undefined },
    ]);
  });

  it('counts calls until their answer begins', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    const calls = [1, 2, 3, 4].map(() => capacity.leave(undefined));
    calls[0]?.answered(noHeaders);
    calls[1]?.refused(503, noHeaders);
    calls[2]?.failed(false);
    expect(capacity.status().onTheWay).toBe(1);
  });

  it('is passed on when limits are learned and when the ledger is corrected', async () => {
    await using w = world(LIMITS);
    const seen: CapacityStatus[] = [];
    const capacity = w.start({}, { onChange: (status) => seen.push(status) });
    await w.call(capacity);
    await w.call(capacity);
    await w.call(capacity);
    expect(seen.map(({ mode, corrections }) => [mode, corrections])).toEqual([
      ['learned', 0],
      ['learned', 1],
    ]);
  });
});

describe('The gap of a capacity', () => {
  it('is 0, and a round has any size, while no limit is known', async () => {
    await using w = world(LIMITS);
    const off = w.start(false);
    expect([off.gapMs, off.roundMax]).toEqual([0, 1_000]);
  });

  it('is that of requests while calls are small', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    await w.call(capacity);
    await w.call(capacity);
    expect([capacity.gapMs, capacity.roundMax]).toEqual([120, 8]);
  });

  it('is that of tokens while calls are large', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    await w.call(capacity, 2_000);
    await w.call(capacity, 2_000);
    expect([capacity.gapMs, capacity.roundMax]).toEqual([600, 1]);
  });

  it('follows the size of calls', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    for (let call = 0; call < 50; call += 1) await w.call(capacity, 400);
    for (let call = 0; call < 200; call += 1) capacity.claimsFor(2, 4_000);
    expect(capacity.gapMs).toBeGreaterThan(550);
  });

  it('is that of a day’s limit only when it is nearly used up', async () => {
    await using w = world({ requests: 1_000, tokens: 10 ** 9, periodMs: DAY_MS });
    const capacity = w.start({ rpm: 60 });
    await w.call(capacity);
    await w.clock.pass(1_000);
    await w.call(capacity);
    expect(capacity.gapMs).toBe(1_000);
    w.upstream.drain({ requests: 0.89, tokens: 0 });
    await w.call(capacity);
    await w.clock.pass(1_000);
    for (let call = 0; call < 10; call += 1) await w.call(capacity);
    expect(await w.call(capacity)).toBe('denied');
    expect(capacity.gapMs).toBe(DAY_MS / 1_000);
  });
});

describe('The record of a capacity', () => {
  it('is ignored when it cannot be read, and written again', async () => {
    await using w = world(LIMITS);
    for (const value of ['', '{', '{"limits":{"rpm":-1},"corrections":0}', '{"limits":{"x":1}}']) {
      await w.ledger.records.put('capacity:main:gpt-5-mini', value);
    }
    const capacity = w.start();
    await settled();
    expect(capacity.status().mode).toBe('unknown');
    await w.call(capacity);
    expect(capacity.status().mode).toBe('learned');
    expect(w.errors).toEqual([]);
  });

  it('is kept for 30 days after the latest change, and by a running process for longer', async () => {
    await using w = world(LIMITS);
    const running = w.start();
    await w.call(running);
    await w.clock.pass(30 * DAY_MS);
    const late = w.start();
    await settled();
    expect([running.status().mode, late.status().mode]).toEqual(['learned', 'unknown']);
    await w.call(late);
    await w.call(late);
    expect(late.status()).toMatchObject({ mode: 'learned', corrections: 1 });
  });

  it('is not followed by a capacity that was closed', async () => {
    await using w = world(LIMITS);
    const [first, second] = [w.start(), w.start()];
    second.close();
    await w.call(first);
    await settled();
    expect(second.status().mode).toBe('unknown');
  });

  it('is not needed: when the store fails, a process learns for itself and reports the error', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    await settled();
    w.ledger.records.put = () => Promise.reject(new Error('the store fails'));
    const sent = await w.send(capacity, 100);
    sent?.departure.answered(headersOf(sent.verdict));
    await settled();
    expect(capacity.status().mode).toBe('learned');
    expect(w.errors).toHaveLength(1);
  });
});
