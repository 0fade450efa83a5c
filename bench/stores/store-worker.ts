import { argumentOf } from '../measure/parent.ts';
import { work } from '../measure/worker.ts';
import { type Call, type CycleSettings, cycleOf } from './cycle.ts';
import { loadLedgers } from './ledger-source.ts';
import type { StoreName } from './store.ts';
import { stores } from './stores.ts';

/** What one worker counts: by a ledger, or by one of the store's peers. */
export interface StoreWork {
  readonly store: StoreName;
  readonly place: string;
  readonly does:
    | { readonly peer: string }
    /** `folder`: of the baseline; none: the ledgers of this checkout. */
    | { readonly cycle: CycleSettings; readonly folder?: string | undefined };
}

/** A cycle in memory takes 2 µs: a look at the clock after each would be measured, too. */
const CALLS_PER_LOOK = { memory: 500, sqlite: 1, redis: 1, postgres: 1 } as const;
const REHEARSED_CALLS = 20_000;

async function callOf({ store, place, does }: StoreWork): Promise<Call> {
  if ('peer' in does) {
    const peer = stores[store].peers[does.peer];
    if (peer === undefined) throw new Error(`${store} has no "${does.peer}" to compare with`);
    return peer(place);
  }
  const source = await loadLedgers(does.folder);
  return cycleOf(source, await stores[store].ledgerIn(place, source), does.cycle);
}

/** Runs on a ledger that is thrown away, so that what V8 compiles is no part of what is weighed later. */
async function rehearse(work: StoreWork): Promise<void> {
  const call = await callOf(work);
  for (let index = 0; index < REHEARSED_CALLS; index += 1) await call(index);
}

const argument = argumentOf<StoreWork>();
if (argument.store === 'memory') await rehearse(argument);
work({ call: await callOf(argument), callsPerLook: CALLS_PER_LOOK[argument.store] });
