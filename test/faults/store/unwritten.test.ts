import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LedgerError } from '../../../src/index.ts';
import { claim, concurrent, LEASE, ONE, pass, quota, setUp, within } from './on-faulty-store.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('The outbox', () => {
  it('The outbox is bounded: a charge beyond it leaves its hold to the lease and is reported', async () => {
    const { store, ledger, used } = setUp({ maxUnwritten: 2 });
    const ids = ['a', 'b', 'c'];
    for (const id of ids) await ledger.reserve(id, [claim(quota)], ONE, LEASE);
    for (const id of ids) await ledger.renew(id, { ...LEASE, dispatched: true });
    store.fault = 'silent';
    expect(await within(250, ledger.settle('a', ONE))).toBe('queued');
    expect(await within(250, ledger.settle('b', ONE))).toBe('queued');
    expect(await within(250, ledger.settle('c', ONE))).toBeInstanceOf(LedgerError);
    expect(ledger.unwritten).toBe(2);
    store.fault = undefined;
    await pass(2_000);
    expect(await used()).toEqual({ used: 2, held: 1 });
    await pass(90_000);
    expect(await used()).toEqual({ used: 3, held: 0 });
  });

  it('The outbox gives up on a charge that is refused ten times while others are written', async () => {
    const { store, ledger, errors } = setUp();
    for (const id of ['a', 'b']) await ledger.reserve(id, [claim(quota)], ONE, LEASE);
    store.faults.set('settle', 'refused');
    expect(await within(0, ledger.settle('a', ONE))).toBe('queued');
    for (let second = 0; second < 120; second += 1) {
      await ledger.read([]);
      await pass(500);
    }
    expect(ledger.unwritten).toBe(0);
    expect(String(errors.at(-1))).toContain('refused 10 times');
    store.faults.clear();
    expect(await ledger.settle('b', ONE)).toBe('done');
  });

  it.each([
    ['writes what it can', 500, 0],
    ['reports and drops what it cannot write', 60_000, 1],
  ])('The outbox %s at close', async (_, returnsAfterMs, dropped) => {
    const { store, ledger, errors } = setUp();
    await ledger.reserve('a', [claim(quota)], ONE, LEASE);
    store.fault = 'silent';
    await within(250, ledger.settle('a', ONE));
    errors.length = 0;
    setTimeout(() => (store.fault = undefined), returnsAfterMs);
    const settled = vi.spyOn(store.behind, 'settle');
    expect(await within(8_000, ledger.close(4_000))).toBeUndefined();
    expect(errors).toHaveLength(dropped);
    expect(settled).toHaveBeenCalledTimes(1 - dropped);
  });
});

describe('An error storm', () => {
  it('An error storm leaves nothing behind in the process', async () => {
    const { store, ledger, used } = setUp({ processes: 1 });
    store.fault = 'silent';
    // After this the store counts as failing.
    for (let read = 0; read < 3; read += 1) await within(250, ledger.read([]));
    for (let call = 0; call < 5_000; call += 1) {
      const id = `call-${call}`;
      const { granted } = await ledger.reserve(id, [claim(concurrent)], ONE, LEASE);
      expect(granted).toBe(true);
      await ledger.release(id);
      await ledger.reserve(id, [claim(quota)], ONE, LEASE).catch(() => {});
    }
    expect(ledger.unwritten).toBeLessThanOrEqual(2);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(3);
    store.fault = undefined;
    await pass(2_000);
    expect(ledger.unwritten).toBe(0);
    expect(await used(concurrent)).toEqual({ used: 0, held: 0 });
  });
});

describe('Records of a failing store', () => {
  it('Watchers are called with "*" when the store is back and when cached state is stale', async () => {
    const { store, ledger } = setUp({ staleMs: 30_000 });
    const heard: string[] = [];
    ledger.records.watch((key) => heard.push(key));
    store.fault = 'silent';
    for (let read = 0; read < 3; read += 1) {
      expect(await within(250, ledger.records.get('user:ada'))).toBeInstanceOf(LedgerError);
    }
    await pass(29_000);
    expect(heard).toEqual([]);
    await pass(2_000);
    expect(heard).toEqual(['*']);
    store.fault = undefined;
    await pass(2_000);
    expect(heard).toEqual(['*', '*']);
  });
});
