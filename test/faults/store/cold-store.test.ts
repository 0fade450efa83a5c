import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LedgerError } from '../../../src/index.ts';
import { claim, LEASE, ONE, pass, quota, setUp, within } from './on-faulty-store.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** With the deadlines that the guard sets. */
const starting = () => setUp({ deadlineMs: 150, startDeadlineMs: 5_000 });
const claims = [claim(quota)];

describe('A process that has just started', () => {
  it('The first calls of a process wait for a store that takes 4 s, and those after the first 100 are decided within 250 ms', async () => {
    const { store, ledger } = starting();
    store.fault = 'slow';
    store.slowMs = 4_000;
    const burst = [1, 2, 3].map((call) => ledger.reserve(`call-${call}`, claims, ONE, LEASE));
    await pass(4_000);
    expect(await Promise.all(burst)).toMatchObject(Array(3).fill({ granted: true }));
    store.fault = undefined;
    const ids = Array.from({ length: 100 }, (_, index) => `more-${index}`);
    await Promise.all(ids.map((id) => ledger.reserve(id, claims, ONE, LEASE)));
    store.fault = 'slow';
    const later = await within(250, ledger.reserve('later', claims, ONE, LEASE));
    expect(later).toBeInstanceOf(LedgerError);
  });

  it('The first calls of a process to a store that refuses connections are decided at once', async () => {
    const { store, ledger } = starting();
    store.fault = 'refused';
    for (let call = 0; call < 4; call += 1) {
      const outcome = await within(0, ledger.reserve(`call-${call}`, claims, ONE, LEASE));
      expect(outcome).toBeInstanceOf(LedgerError);
    }
  });

  it('The first calls of a process to a silent store are decided within 5.5 s, and the next ones at once', async () => {
    const { store, ledger } = starting();
    store.fault = 'silent';
    const burst = [1, 2].map((call) => ledger.reserve(`call-${call}`, claims, ONE, LEASE));
    for (const outcome of await Promise.all(burst.map((one) => within(5_500, one)))) {
      expect(outcome).toBeInstanceOf(LedgerError);
    }
    const next = await within(0, ledger.reserve('next', claims, ONE, LEASE));
    expect(next).toBeInstanceOf(LedgerError);
  });

  it('The start of a process ends after 5 s, even if only reads have reached the store', async () => {
    const { store, ledger } = starting();
    await ledger.read(claims);
    await pass(5_001);
    store.fault = 'silent';
    const outcome = await within(250, ledger.reserve('late', claims, ONE, LEASE));
    expect(outcome).toBeInstanceOf(LedgerError);
  });
});
