import type { Events } from '../core/events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { COLD_DEADLINE_MS } from '../ledger/resilient/cold-start.ts';
import { ResilientLedger } from '../ledger/resilient/resilient-ledger.ts';
import { StoreFailingError } from '../ledger/resilient/store-health.ts';
import type { Settings } from '../options/guard-options.ts';

interface GuardedStore extends Ledger {
  /** Writes what it can for `graceMs`, then closes. A store that hangs does not delay it. */
  close(graceMs?: number): Promise<void>;
}

/** Returns the ledger of the options, made to survive a failure of its store. A ledger in this process is
 * returned as it is. */
export function guardStore(settings: Settings, events: Events): GuardedStore {
  const { ledger, clock, ledgerMs, ledgerFailure } = settings;
  if (ledger.inProcess) return ledger;
  return new ResilientLedger(ledger, {
    ...ledgerFailure,
    deadlineMs: ledgerMs,
    startDeadlineMs: COLD_DEADLINE_MS,
    clock,
    onDegraded: ({ reason }) => events.emit('degraded', { reason, atMs: clock.nowMs() }),
    onRecovered: (tally) => events.emit('recovered', { ...tally, atMs: clock.nowMs() }),
    onError: (error) => events.emit('failed', { source: 'ledger', error }),
  });
}

/** Returns what reports a failure of the store. That the store is known to fail was reported once, and is
 * not reported again for each call and second. */
export function storeReporter(events: Events): (error: unknown) => void {
  return (error) => {
    if (error instanceof StoreFailingError) return;
    events.emit('failed', { source: 'ledger', error });
  };
}
