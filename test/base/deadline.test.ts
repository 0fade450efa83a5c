import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedDeadline, withDeadline } from '../../src/base/deadline.ts';

const late = () => new Error('late');
const forever = () => new Promise<never>(() => {});

describe('A shared deadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** How long a wait lasted that began `offsetMs` after another one. */
  async function lateAfterMs(deadlineMs: number, offsetMs: number): Promise<number> {
    const deadline = new SharedDeadline(deadlineMs);
    Promise.resolve(withDeadline(forever(), deadline, late)).catch(() => {});
    await vi.advanceTimersByTimeAsync(offsetMs);
    let waitedMs = 0;
    let isLate = false;
    const note = () => {
      isLate = true;
    };
    Promise.resolve(withDeadline(forever(), deadline, late)).catch(note);
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
    'A shared deadline ends a wait of %i ms at most a tenth late and never early (%i ms after another wait)',
    async (deadlineMs, offsetMs) => {
      const waitedMs = await lateAfterMs(deadlineMs, offsetMs);
      expect(waitedMs).toBeGreaterThanOrEqual(deadlineMs);
      expect(waitedMs).toBeLessThanOrEqual(deadlineMs * 1.1 + 1);
    },
  );

  it('A shared deadline returns a plain value unchanged and without a timer', () => {
    expect(withDeadline(5, new SharedDeadline(100), late)).toBe(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('A shared deadline passes on a result or a failure that comes in time', async () => {
    const deadline = new SharedDeadline(100);
    expect(await withDeadline(Promise.resolve(5), deadline, late)).toBe(5);
    await expect(withDeadline(Promise.reject(new Error('no')), deadline, late)).rejects.toThrow(
      'no',
    );
  });

  it('A shared deadline keeps one timer for all waits and none after the last one has ended', async () => {
    const deadline = new SharedDeadline(100);
    const waits = Array.from({ length: 50 }, () => Promise.withResolvers<number>());
    const ended = waits.map(({ promise }) => withDeadline(promise, deadline, late));
    expect(vi.getTimerCount()).toBe(1);
    // In the reverse order.
    for (const { resolve } of waits.toReversed()) resolve(1);
    expect(await Promise.all(ended)).toEqual(Array(50).fill(1));
    await vi.advanceTimersByTimeAsync(20);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('A deadline with a timer of its own', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('withDeadline returns a plain value unchanged and without a timer', () => {
    expect(withDeadline(5, 100, late)).toBe(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('withDeadline passes on a result or a failure that comes in time, and leaves no timer', async () => {
    expect(await withDeadline(Promise.resolve(5), 100, late)).toBe(5);
    await expect(withDeadline(Promise.reject(new Error('no')), 100, late)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('withDeadline rejects with the given error after the deadline, and not before', async () => {
    let error: unknown;
    Promise.resolve(withDeadline(forever(), 100, late)).catch((reason: unknown) => {
      error = reason;
    });
    await vi.advanceTimersByTimeAsync(99);
    expect(error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await vi.runAllTimersAsync();
    expect(error).toEqual(new Error('late'));
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('A process that was busy until after the deadline', () => {
  it.each([
    ['a timer of its own', 5],
    ['a shared deadline', new SharedDeadline(5)],
  ])('reads what has arrived meanwhile before %s rejects', async (_, deadline) => {
    const { port1, port2 } = new MessageChannel();
    const reply = new Promise((resolve) => port1.once('message', resolve));
    const waited = withDeadline(reply, deadline, late);
    port2.postMessage('in time');
    const busyUntilMs = performance.now() + 20;
    while (performance.now() < busyUntilMs) {
      // The event loop stands still, and the deadline passes.
    }
    await expect(waited).resolves.toBe('in time');
    port1.close();
  });
});
