import { type Contender, interleave } from '../measure/interleave.ts';
import type { Figures } from '../measure/results.ts';
import type { Slice } from '../measure/worker.ts';
import type { Worker } from '../measure/worker-process.ts';
import { startStoreWorker } from '../stores/bench-store.ts';
import type { StoreServer } from '../stores/store.ts';
import { stores } from '../stores/stores.ts';
import { type Curves, curvesOf, nameAt } from './curves.ts';
import type { GrowthSettings } from './growth-settings.ts';

/** Calls in flight per process. */
const IN_FLIGHT = 8;

/** Speed and CPU per call, as more processes share one store. One of the five limits is global. */
export async function byProcesses(settings: GrowthSettings): Promise<Curves> {
  let curves: Curves = {};
  for (const name of ['redis', 'postgres'] as const) {
    await using server = await stores[name].start();
    if (server === undefined) continue;
    await using stack = new AsyncDisposableStack();
    const place = await server.newPlace();
    const cycle = { own: 4, withGlobal: true, users: settings.usersOtherwise };
    const workers: Worker[] = [];
    while (workers.length < Math.max(...settings.processes)) {
      const where = { at: 'anywhere', place } as const;
      workers.push(stack.use(await startStoreWorker(stores[name], server, { cycle }, where)));
    }
    await Promise.all(workers.map((worker) => worker.calls(settings.warmCalls, IN_FLIGHT)));
    const contenders = settings.processes.map(
      (count): Contender => ({
        name: nameAt(name, count),
        warm: async () => {},
        measure: async () => ({
          cycles: await together(workers.slice(0, count), server, settings.sliceMs),
        }),
      }),
    );
    const { cycles = {} } = await interleave(contenders, settings.rounds);
    curves = { ...curves, ...curvesOf(cycles) };
  }
  return curves;
}

/** Measures several processes at once: their calls per second in total, and the CPU per call. */
async function together(
  workers: readonly Worker[],
  server: StoreServer,
  ms: number,
): Promise<Figures> {
  const before = server.cpuUs();
  const slices = await Promise.all(workers.map((worker) => worker.slice(ms, IN_FLIGHT)));
  const after = server.cpuUs();
  const allCalls = slices.reduce((sum, slice) => sum + slice.allCalls, 0);
  const perSecond = sumOf(slices, ({ perSecond = 0 }) => perSecond);
  const allUs = sumOf(slices, ({ perSecond = 0, allUs = 0 }) => perSecond * allUs) / perSecond;
  if (before === undefined || after === undefined) return { perSecond, allUs };
  return { perSecond, allUs, serverUs: (after - before) / allCalls };
}

const sumOf = (slices: readonly Slice[], pick: (figures: Figures) => number): number =>
  slices.reduce((sum, { figures }) => sum + pick(figures), 0);
