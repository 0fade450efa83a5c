import { type Contender, interleave } from '../measure/interleave.ts';
import type { Worker } from '../measure/worker-process.ts';
import { sliceOf, startStoreWorker } from '../stores/bench-store.ts';
import type { CycleSettings } from '../stores/cycle.ts';
import type { Store, StoreName, StoreServer } from '../stores/store.ts';
import { stores } from '../stores/stores.ts';
import { type Curves, curvesOf, nameAt } from './curves.ts';
import type { GrowthSettings } from './growth-settings.ts';

/** The stores that are drawn, and how many calls each has in flight. */
const IN_FLIGHT = { memory: 1, redis: 32, postgres: 16 } as const;
type GrownStore = keyof typeof IN_FLIGHT;
const GROWN = Object.keys(IN_FLIGHT) as readonly GrownStore[];

/** At least this part of the warm-up calls measures what one ended call leaves behind. */
const CALLS_AGAIN_PART = 0.25;

/** CPU per call and memory per user, with a growing number of limits. */
export function byLimits(settings: GrowthSettings): Promise<Curves> {
  const cycleAt = (own: number) => ({ own, withGlobal: false, users: settings.usersOtherwise });
  return byCycle(settings, () => settings.limits, cycleAt);
}

/** CPU per call and memory per user with five limits, with a growing number of users. */
export function byUsers(settings: GrowthSettings): Promise<Curves> {
  const cycleAt = (users: number) => ({ own: 5, withGlobal: false, users });
  return byCycle(settings, (name) => settings.users[name] ?? [], cycleAt);
}

async function byCycle(
  settings: GrowthSettings,
  sizesOf: (name: StoreName) => readonly number[],
  cycleAt: (size: number) => CycleSettings,
): Promise<Curves> {
  let curves: Curves = {};
  for (const name of GROWN) {
    await using server = await stores[name].start();
    if (server === undefined) continue;
    await using workers = new AsyncDisposableStack();
    const contenders: Contender[] = [];
    for (const size of sizesOf(name)) {
      const grown = { store: stores[name], server, cycle: cycleAt(size), settings };
      contenders.push(await contenderOf(name, size, grown, workers));
    }
    const { cycles = {} } = await interleave(contenders, settings.rounds);
    curves = { ...curves, ...curvesOf(cycles) };
  }
  return curves;
}

interface Grown {
  readonly store: Store;
  readonly server: StoreServer;
  readonly cycle: CycleSettings;
  readonly settings: GrowthSettings;
}

async function contenderOf(
  name: GrownStore,
  size: number,
  { store, server, cycle, settings }: Grown,
  workers: AsyncDisposableStack,
): Promise<Contender> {
  const place = await server.newPlace();
  const worker = workers.use(await startStoreWorker(store, server, { cycle }, { place }));
  const bytes = async () => (await server.bytesIn(place)) ?? (await worker.memory()).used;
  let userBytes = Number.NaN;
  return {
    name: nameAt(name, size),
    async warm() {
      userBytes = await fill(worker, bytes, cycle.users, settings.warmCalls, IN_FLIGHT[name]);
    },
    async measure() {
      const figures = await sliceOf(worker, server, settings.sliceMs, IN_FLIGHT[name]);
      return { cycles: { ...figures, userBytes } };
    },
  };
}

/** Makes one call per user. Returns the bytes per user, without what the ended call itself leaves. */
async function fill(
  worker: Worker,
  bytes: () => Promise<number>,
  users: number,
  warmCalls: number,
  inFlight: number,
): Promise<number> {
  const again = Math.max(warmCalls * CALLS_AGAIN_PART, warmCalls - users);
  const before = await bytes();
  await worker.calls(users, inFlight);
  const filled = await bytes();
  await worker.calls(again, inFlight);
  const callBytes = ((await bytes()) - filled) / again;
  return (filled - before) / users - callBytes;
}
