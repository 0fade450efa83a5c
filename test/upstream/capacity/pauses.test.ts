import { describe, expect, it } from 'vitest';
import { world } from './world.ts';

const LIMITS = { requests: 500, tokens: 200_000 };
const given = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name];

/** A capacity that was refused, and how long it pauses. */
function pausing(random: () => number = () => 0) {
  const w = world(LIMITS);
  const capacity = w.start({}, { random });
  const pauseMs = () => capacity.opensAtMs - w.clock.nowMs();
  const refuse = (status: number, headers: Readonly<Record<string, string>> = {}) => {
    capacity.leave(undefined).refused(status, given(headers));
    return pauseMs();
  };
  return { ...w, capacity, pauseMs, refuse };
}

describe('After a refusal an upstream pauses', () => {
  it.each([
    ['as long as a 429 asks', 429, { 'retry-after-ms': '1536' }, 1_536],
    ['as long as a 503 asks', 503, { 'retry-after': '3' }, 3_000],
    ['a minute at most', 429, { 'retry-after': '3600' }, 60_000],
    ['about a second after a 429 without a hint', 429, {}, 750],
    ['about a second after a 503', 503, {}, 750],
    ['about a second after a 529', 529, {}, 750],
  ])('%s', async (_case, status, headers: Record<string, string>, ms) => {
    await using w = pausing();
    expect(w.refuse(status, headers)).toBe(ms);
  });

  it('up to 50 ms longer than a hint, and never above a minute', async () => {
    await using w = pausing(() => 0.98);
    expect(w.refuse(429, { 'retry-after': '1' })).toBe(1_049);
    await w.clock.pass(2_000);
    expect(w.refuse(429, { 'retry-after': '60' })).toBe(60_000);
  });

  it('twice as long each time that it is overloaded, up to 30 s', async () => {
    await using w = pausing(() => 1);
    const pauses: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      pauses.push(w.refuse(503));
      await w.clock.pass(w.pauseMs());
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('for a second again after an answer', async () => {
    await using w = pausing(() => 1);
    w.refuse(503);
    await w.clock.pass(1_000);
    w.refuse(503);
    await w.clock.pass(2_000);
    w.capacity.leave(undefined).answered(() => undefined);
    expect(w.refuse(503)).toBe(1_000);
  });

  it('no shorter after the answer of a call that left before', async () => {
    await using w = pausing(() => 1);
    const early = w.capacity.leave(undefined);
    w.refuse(503);
    await w.clock.pass(1_000);
    early.answered(() => undefined);
    expect(w.refuse(503)).toBe(2_000);
  });

  it('once for calls that were on their way together', async () => {
    await using w = pausing(() => 1);
    const together = [1, 2, 3].map(() => w.capacity.leave(undefined));
    await w.clock.pass(100);
    for (const call of together) call.refused(503, () => undefined);
    expect(w.pauseMs()).toBe(1_000);
    await w.clock.pass(1_000);
    expect(w.refuse(503)).toBe(2_000);
  });

  it('until the latest hint, which no later one shortens', async () => {
    await using w = pausing();
    w.refuse(429, { 'retry-after': '20' });
    expect(w.refuse(429, { 'retry-after': '1' })).toBe(20_000);
  });

  it('no longer when the clock was set back by hours', async () => {
    await using w = pausing();
    w.refuse(429, { 'retry-after': '20' });
    w.clock.move(-7_200_000);
    expect(w.capacity.opensAtMs).toBe(0);
    expect(w.refuse(429, { 'retry-after': '10' })).toBe(10_000);
  });

  it('and shows until when', async () => {
    await using w = pausing();
    w.refuse(429, { 'retry-after': '20' });
    expect(w.capacity.status().pausedUntilMs).toBe(w.clock.nowMs() + 20_000);
    await w.clock.pass(20_000);
    expect(w.capacity.status().pausedUntilMs).toBeUndefined();
  });
});
