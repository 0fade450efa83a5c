import type { Place } from '../measure/cores.ts';
import { type Contender, interleave } from '../measure/interleave.ts';
import type { Figures, Results } from '../measure/results.ts';
import type { Settings } from '../measure/settings.ts';
import { startWorker, type Worker } from '../measure/worker-process.ts';
import { USERS } from './cycle.ts';
import type { Store, StoreServer } from './store.ts';
import type { StoreWork } from './store-worker.ts';

const SCRIPT = new URL('store-worker.ts', import.meta.url);

/**
 * Measures a store's ledger, the baseline's and the store's peers on one server, each in its own process and
 * place. `folder` holds the baseline. Without it, the baseline is left out.
 */
export async function benchStore(
  store: Store,
  settings: Settings,
  folder: string | undefined,
): Promise<Results> {
  await using server = await store.start();
  if (server === undefined) return {};
  await using workers = new AsyncDisposableStack();
  const contenders: Contender[] = [];
  for (const [name, does] of Object.entries(contendersOf(store, folder))) {
    const worker = workers.use(await startStoreWorker(store, server, does));
    contenders.push(contenderOf(name, worker, store, server, settings));
  }
  return await interleave(contenders, settings.rounds);
}

/** Returns what each contender does, by name. */
function contendersOf(
  store: Store,
  folder: string | undefined,
): Readonly<Record<string, StoreWork['does']>> {
  const peers = Object.keys(store.peers).map((peer) => [peer, { peer }] as const);
  const variants = Object.entries(store.variants).flatMap(([variant, limits]) => {
    const cycle = { ...limits, users: USERS, premade: true };
    const current = [`current${variant}`, { cycle }] as const;
    return folder ? [current, [`baseline${variant}`, { cycle, folder }] as const] : [current];
  });
  return Object.fromEntries([...peers, ...variants]);
}

/** Starts a worker that counts in a given or new place, alone on its core. The server runs on any core. */
export async function startStoreWorker(
  { name }: Store,
  server: StoreServer,
  does: StoreWork['does'],
  settings: { readonly at?: Place; readonly place?: string } = {},
): Promise<Worker> {
  const { at = 'contender', place = await server.newPlace() } = settings;
  const work: StoreWork = { store: name, place, does };
  return startWorker(SCRIPT, work, at);
}

function contenderOf(
  name: string,
  worker: Worker,
  store: Store,
  server: StoreServer,
  { sliceMs, warmCalls }: Settings,
): Contender {
  return {
    name,
    warm: () => worker.calls(warmCalls, Math.max(...store.inFlight)),
    async measure() {
      const figures: [string, Figures][] = [];
      for (const inFlight of store.inFlight) {
        const slice = await sliceOf(worker, server, sliceMs, inFlight);
        figures.push([`${store.name} ${inFlight}`, slice]);
      }
      return Object.fromEntries(figures);
    },
  };
}

/** Measures one slice, with the server's CPU time per call. */
export async function sliceOf(
  worker: Worker,
  server: StoreServer,
  ms: number,
  inFlight: number,
): Promise<Figures> {
  const before = server.cpuUs();
  const { allCalls, figures } = await worker.slice(ms, inFlight);
  const after = server.cpuUs();
  if (before === undefined || after === undefined) return figures;
  return { ...figures, serverUs: (after - before) / allCalls };
}
