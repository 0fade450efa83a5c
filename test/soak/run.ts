import type { UserUsage } from '../../src/index.ts';
import { LEASE_MS } from '../../src/pipeline/lease.ts';
import { type FaultProxy, faultProxy } from '../../src/testing/fault-proxy.ts';
import { openPlace, type Place } from '../faults/killed/place.ts';
import { Crew } from './crew.ts';
import { disturb } from './faults.ts';
import { soakGuard, USERS } from './guarding.ts';
import { moodyOpenAI } from './upstream.ts';
import { chargedNanoUsd, faultsOf, isExact, isHeapJudged, owedNanoUsd } from './verdict.ts';

export interface Run {
  readonly place: Place;
  readonly seconds: number;
  readonly seed: number;
}

/** Runs a crew on one store for some seconds. Returns what did not hold. */
export async function run({ place, seconds, seed }: Run): Promise<readonly string[]> {
  await using fake = await moodyOpenAI(seed);
  await using proxied = await behindProxy(place);
  const { baseURL } = fake;
  const crew = new Crew({ place: proxied.place, baseURL, seed });
  try {
    await disturb(crew, proxied.proxy, { seconds, seed });
    await crew.finish();
  } finally {
    crew.abandon();
  }
  await fake.idle();
  const { invoice } = fake;
  const usages = await usagesLater(place, baseURL);
  const faults = faultsOf({ crew, invoice, usages });
  print(place, crew, {
    invoiced: invoice.length,
    exact: invoice.filter((line) => isExact(crew, line.safetyIdentifier ?? '')).length,
    owedUsd: sum(invoice.map(owedNanoUsd)) / 1e9,
    chargedUsd: sum(usages.map(chargedNanoUsd)) / 1e9,
  });
  return faults;
}

/** The usage of all users, read after every lease has ended. */
async function usagesLater(place: Place, baseURL: string): Promise<readonly UserUsage[]> {
  const clock = { nowMs: () => Date.now() + LEASE_MS + 1_000 };
  await using opened = await openPlace(place, clock);
  const { ledger } = opened;
  const guard = soakGuard({ apiKey: 'sk-soak', baseURL, ledger, clock });
  try {
    return await Promise.all(USERS.map((user) => guard.users.usage(user)));
  } finally {
    await guard.close({ graceMs: 0 });
  }
}

interface Proxied extends AsyncDisposable {
  readonly place: Place;
  readonly proxy: FaultProxy | undefined;
}

/** Puts a proxy in front of a store that is reached over a network. */
async function behindProxy(place: Place): Promise<Proxied> {
  if (place.store !== 'redis') {
    return { place, proxy: undefined, [Symbol.asyncDispose]: async () => {} };
  }
  const proxy = await faultProxy({ host: '127.0.0.1', port: place.port });
  const through = { ...place, port: proxy.port };
  return { place: through, proxy, [Symbol.asyncDispose]: () => proxy.close() };
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

function print({ store }: Place, crew: Crew, counts: Readonly<Record<string, number>>): void {
  const heapMb = crew.heap.map((bytes) => Math.round(bytes / 1e6));
  const denials = Object.fromEntries(crew.denials);
  const { kills } = crew;
  console.log(store, { ...counts, posted: crew.posted.size, kills, denials });
  const judged = isHeapJudged(crew.heap) ? '' : ' (too short a run to judge it)';
  console.log(`${store} heap, MB: ${heapMb.join(' ')}${judged}`);
}
