import { argumentOf } from '../measure/parent.ts';
import { work } from '../measure/worker.ts';
import { type Call, type CycleSettings, cycleOf } from './cycle.ts';
import { loadLedgers } from './ledger-source.ts';
import type { StoreName } from './store.ts';
import { stores } from './stores.ts';

/** The work of one worker: counting with a ledger, or with one of the store's peers. */
export interface StoreWork {
  readonly store: StoreName;
  readonly place: string;
  readonly does:
    | { readonly peer: string }
    /** `folder` is the baseline's. Without it, the ledgers of this checkout are used. */
    | { readonly cycle: CycleSettings; readonly folder?: string | undefined };
}

/** A cycle in memory takes 2 µs, so reading the clock after each would distort the figures. */
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

/** Runs on a temporary ledger, so that code compiled by V8 does not count as memory later. */
async function rehearse(work: StoreWork): Promise<void> {
  const call = await callOf(work);
  for (let index = 0; index < REHEARSED_CALLS; index += 1) await call(index);
}

const argument = argumentOf<StoreWork>();
if (argument.store === 'memory') await rehearse(argument);
work({ call: await callOf(argument), callsPerLook: CALLS_PER_LOOK[argument.store] });
