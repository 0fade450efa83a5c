import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../src/base/deadlines.ts';

const late = () => new Error('late');
const forever = () => new Promise<never>(() => {});

describe('Deadlines', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** How long a wait lasted that began `offsetMs` after another one. */
  async function lateAfterMs(deadlineMs: number, offsetMs: number): Promise<number> {
    const deadlines = new Deadlines(deadlineMs);
    Promise.resolve(deadlines.within(forever(), late)).catch(() => {});
    await vi.advanceTimersByTimeAsync(offsetMs);
    let waitedMs = 0;
    let isLate = false;
    const note = () => {
      isLate = true;
    };
    Promise.resolve(deadlines.within(forever(), late)).catch(note);
    for (; !isLate; waitedMs += 1) await vi.advanceTimersByTimeAsync(1);
    return waitedMs;
  }

  it.each([
    [100, 0],
    [100, 7],
    [150, 149],
    [5_000, 123],
    [30_000, 999],
  ])(
    'Deadlines end a wait of %i ms at most a tenth late and never early (%i ms after another wait)',
    async (deadlineMs, offsetMs) => {
      const waitedMs = await lateAfterMs(deadlineMs, offsetMs);
      expect(waitedMs).toBeGreaterThanOrEqual(deadlineMs);
      expect(waitedMs).toBeLessThanOrEqual(deadlineMs * 1.1 + 1);
    },
  );

  it('Deadlines return a plain value unchanged and without a timer', () => {
    expect(new Deadlines(100).within(5, late)).toBe(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('Deadlines pass on a result or a failure that comes in time', async () => {
    const deadlines = new Deadlines(100);
    expect(await deadlines.within(Promise.resolve(5), late)).toBe(5);
    await expect(deadlines.within(Promise.reject(new Error('no')), late)).rejects.toThrow('no');
  });

  it('Deadlines keep one timer for all waits and none after the last one has ended', async () => {
    const deadlines = new Deadlines(100);
    const waits = Array.from({ length: 50 }, () => Promise.withResolvers<number>());
    const ended = waits.map(({ promise }) => deadlines.within(promise, late));
    expect(vi.getTimerCount()).toBe(1);
    // In the reverse order.
    for (const { resolve } of waits.toReversed()) resolve(1);
    expect(await Promise.all(ended)).toEqual(Array(50).fill(1));
    await vi.advanceTimersByTimeAsync(20);
    expect(vi.getTimerCount()).toBe(0);
  });
});
