import { afterAll, describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { StopRecord } from '../../src/stops/stop-record.ts';
import { openPlace, PATIENCE, type Place } from '../faults/killed/place.ts';
import { startStores } from '../faults/killed/stores.ts';
import { faultyStore } from '../faults/store/faulty-store.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());
const rows = Object.entries(stores.fresh).map(([store, fresh]) => ({ store, fresh }));
const reason = 'We are looking into a problem.';

/** Two guards, each with a connection of its own to one store, as two processes have. */
async function startTwo(place: Place) {
  const places = [await openPlace(place), await openPlace(place)] as const;
  const start = ({ ledger }: (typeof places)[0]) =>
    startFixture({ ledger, timeouts: { ledger: PATIENCE } });
  const [here, there] = [await start(places[0]), await start(places[1])];
  return {
    here,
    there,
    async [Symbol.asyncDispose]() {
      await Promise.all([here, there].map((fixture) => fixture[Symbol.asyncDispose]()));
      await Promise.all(places.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

async function ask({ guard }: Fixture): Promise<string> {
  const answer = await post(guard, await tokenOf(guard), chat());
  return answer.ok ? 'served' : codeOf(answer);
}

describe.each(rows)('Two guards on one $store', ({ fresh }) => {
  it('A stop reaches the other guard, which sends nothing from then on, and so does its end', async () => {
    await using two = await startTwo(fresh());
    const { here, there } = two;
    expect([await ask(here), await ask(there)]).toEqual(['served', 'served']);
    await here.guard.stop({ reason, models: [MODEL] });
    expect(await ask(here)).toBe('service_stopped');
    await expect.poll(() => ask(there)).toBe('service_stopped');
    const sent = there.fake.requests.length;
    for (let call = 0; call < 5; call += 1) expect(await ask(there)).toBe('service_stopped');
    expect(there.fake.requests).toHaveLength(sent);
    expect(await there.guard.stops()).toMatchObject([{ reason, models: [MODEL] }]);
    expect(await there.guard.resume({ models: [MODEL] })).toBe(true);
    expect(await ask(there)).toBe('served');
    await expect.poll(() => ask(here)).toBe('served');
  });

  it('A stop with "cut" cuts the streams of the other guard, and each is settled once', async () => {
    await using two = await startTwo(fresh());
    const { here, there } = two;
    const gate = there.fake.gate();
    there.fake.scriptNext({ tokens: 5, betweenChunks: gate });
    const answer = await post(there.guard, await tokenOf(there.guard), chat({ stream: true }));
    await here.guard.stop({ reason, cut: true });
    expect(await answer.text()).toContain('"code":"service_stopped"');
    await expect.poll(() => there.settled.length).toBe(1);
    gate.open();
  });

  it('Stops that two guards write at the same time are all active', async () => {
    await using two = await startTwo(fresh());
    const { here, there } = two;
    const guards = [here.guard, there.guard, here.guard, there.guard];
    const endpoints = ['chat.completions', 'responses', 'embeddings', 'completions'];
    await Promise.all(
      guards.map((guard, index) => guard.stop({ reason, endpoints: [endpoints[index] ?? ''] })),
    );
    expect(await here.guard.stops()).toHaveLength(4);
    expect(await there.guard.resume()).toBe(true);
    expect(await here.guard.stops()).toEqual([]);
  });
});

describe('While the store fails', () => {
  const stopped = [{ reason, cut: false, sinceMs: 0 }];
  const stoppedList = async (record: StopRecord) => (await record.get()).stops;

  it('The stops that were read last count, and a list that was never read is an error', async () => {
    const store = faultyStore(memoryLedger());
    await new StopRecord(store.records, () => {}).update(() => stopped);
    const record = new StopRecord(store.records, () => {});
    store.fault = 'refused';
    await expect(stoppedList(record)).rejects.toThrow('ECONNREFUSED');
    store.fault = undefined;
    expect(await stoppedList(record)).toEqual(stopped);
    store.fault = 'refused';
    await store.behind.records.put('service:stops', '[]');
    expect(await stoppedList(record)).toEqual(stopped);
    store.fault = undefined;
    expect(await stoppedList(record)).toEqual([]);
  });

  it('A list that is known is read once for all calls, and again after each change', async () => {
    const store = faultyStore(memoryLedger());
    const record = new StopRecord(store.records, () => {});
    const reads = () => store.heard.filter(({ verb }) => verb === 'get').length;
    expect(await stoppedList(record)).toEqual([]);
    for (let call = 0; call < 100; call += 1) expect(record.get()).not.toBeInstanceOf(Promise);
    expect(reads()).toBe(1);
    await store.behind.records.put('service:stops', JSON.stringify(stopped));
    expect(await stoppedList(record)).toEqual(stopped);
    expect(record.get()).not.toBeInstanceOf(Promise);
    expect(reads()).toBe(2);
    record.close();
  });
});
