import type { Events } from '../core/events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { ResilientLedger } from '../ledger/resilient/resilient-ledger.ts';
import type { Settings } from '../options/guard-options.ts';

export interface GuardedStore extends Ledger {
  /** Writes what it can for `graceMs`, then closes; a store that hangs does not hold it. */
  close(graceMs?: number): Promise<void>;
}

/** The ledger of the options, made to survive its store. One in this process has none to survive. */
export function guardStore(settings: Settings, events: Events): GuardedStore {
  const { ledger, clock, ledgerMs, ledgerFailure } = settings;
  if (ledger.inProcess) return ledger;
  return new ResilientLedger(ledger, {
    ...ledgerFailure,
    deadlineMs: ledgerMs,
    clock,
    onDegraded: ({ reason }) => events.emit('degraded', { reason, atMs: clock.nowMs() }),
    onRecovered: (tally) => events.emit('recovered', { ...tally, atMs: clock.nowMs() }),
    onError: (error) => events.emit('failed', { source: 'ledger', error }),
  });
}
