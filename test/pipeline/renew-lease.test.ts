import { describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/index.ts';
import type { Lease } from '../../src/ledger/ledger.ts';
import { type CallLedger, callLedger } from '../../src/pipeline/call-ledger.ts';
import { InFlightCall } from '../../src/pipeline/in-flight.ts';
import { LEASE_MS, renewLease } from '../../src/pipeline/lease.ts';

describe('renewLease', () => {
  /** A ledger that notes the leases of renewals, and fails as often as asked. */
  function renewals(failures = 0): CallLedger & { readonly leases: Lease[] } {
    const leases: Lease[] = [];
    let left = failures;
    return {
      ...callLedger(memoryLedger()),
      leases,
      renew: async (_, lease) => {
        leases.push(lease);
        left -= 1;
        if (left >= 0) throw new Error('the store fails');
        return true;
      },
    };
  }

  it('a lease is renewed when a third of it is over, and not before', () => {
    const ledger = renewals();
    const call = new InFlightCall({ user: { id: 'ada' } }, 1_000);
    renewLease(ledger, call, 1_000 + LEASE_MS / 3 - 1);
    expect(ledger.leases).toEqual([]);
    renewLease(ledger, call, 1_000 + LEASE_MS / 3);
    renewLease(ledger, call, 1_001 + LEASE_MS / 3);
    expect(ledger.leases).toEqual([{ durationMs: LEASE_MS, dispatched: false }]);
  });

  it('a renewal says whether the request may have been sent', () => {
    const ledger = renewals();
    const call = new InFlightCall({ user: { id: 'ada' } }, 0);
    call.dispatched = true;
    renewLease(ledger, call, LEASE_MS);
    expect(ledger.leases).toEqual([{ durationMs: LEASE_MS, dispatched: true }]);
  });

  it('a renewal that fails is tried again at the next tick', async () => {
    const ledger = renewals(1);
    const call = new InFlightCall({ user: { id: 'ada' } }, 0);
    renewLease(ledger, call, LEASE_MS);
    await expect.poll(() => call.renewedAtMs).toBe(0);
    renewLease(ledger, call, LEASE_MS + 1_000);
    expect(ledger.leases).toHaveLength(2);
    expect(call.renewedAtMs).toBe(LEASE_MS + 1_000);
  });
});
