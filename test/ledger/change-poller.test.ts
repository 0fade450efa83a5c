import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangePoller, type Changes } from '../../src/ledger/postgres/change-poller.ts';

const EVERY_MS = 400;

/** A store with records that change on demand. It can be made unavailable. */
function pollerOf() {
  const store = { keys: [] as string[], isAway: false, asked: [] as (number | undefined)[] };
  const ask = async (after: number | undefined): Promise<Changes> => {
    store.asked.push(after);
    if (store.isAway) throw new Error('connection refused');
    const records = store.keys.slice(after ?? 0).map((key) => ({ key, version: 1 }));
    return { records, upTo: store.keys.length, isCut: false };
  };
  const heard: string[] = [];
  const poller = new ChangePoller(ask, EVERY_MS, () => () => {});
  poller.add((key) => heard.push(key));
  return { store, heard, poller };
}

describe('The change poller', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('The poller reports nothing while the store is down, and all changes since then when it is back', async () => {
    const { store, heard, poller } = pollerOf();
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(heard).toEqual(['*']);
    store.isAway = true;
    store.keys.push('user:ada', 'user:bob');
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    expect(heard).toEqual(['*']);
    store.isAway = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual(['*', 'user:ada', 'user:bob']);
    poller.stop();
  });

  it('The poller reports "*" after an outage so long that deletions may be lost', async () => {
    const { store, heard, poller } = pollerOf();
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    store.isAway = true;
    store.keys.push('user:ada');
    await vi.advanceTimersByTimeAsync(40 * 60_000);
    store.isAway = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual(['*', '*']);
    poller.stop();
  });

  it('The poller retries within a second after a failure, however long its interval is', async () => {
    const asked: number[] = [];
    const ask = async (): Promise<Changes> => {
      asked.push(Date.now());
      throw new Error('connection refused');
    };
    const poller = new ChangePoller(ask, 60_000, () => () => {});
    poller.add(() => {});
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked.length).toBeGreaterThanOrEqual(5);
    poller.stop();
  });
});
