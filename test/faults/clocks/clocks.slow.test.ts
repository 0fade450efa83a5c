import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlanSpec } from '../../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import type { Gate } from '../../../src/testing/fake-openai/gate.ts';
import { canaries, chat, MODEL } from '../../fixture.ts';
import { type Answer, type Backend, startBackend } from '../killed/backend.ts';
import type { Place } from '../killed/place.ts';
import { startStores } from '../killed/stores.ts';
import { faketimeLibrary, offByHours } from './faketime.ts';

const HOUR_MS = 3_600_000;
const ROOM = 3;
const library = faketimeLibrary();
const stores = library === undefined ? undefined : await startStores();
afterAll(() => stores?.[Symbol.asyncDispose]());

// Not SQLite: all processes on one file are on one host, and so have one clock.
const { redis, postgres } = stores?.fresh ?? {};
const rows = Object.entries({ redis, postgres }).flatMap(([store, fresh]) =>
  fresh === undefined ? [] : [{ store, fresh }],
);

// A file in which there is no test at all fails.
if (rows.length === 0) it.skip('F59 needs libfaketime, and Redis or Postgres');

const planOf = (limits: PlanSpec['limits'] = []): PlanSpec => ({ models: [MODEL], limits });
const daily = (timeZone: string) => planOf([{ requests: ROOM, per: 'day', timeZone }]);

describe.skipIf(library === undefined).each(rows)(
  'F59 backends whose clocks are wrong by an hour, on $store',
  ({ fresh }) => {
    it.each([
      { when: 'at noon', localHour: 12, order: [1, 0, -1, 1], expected: [ROOM, 0, 0, 0] },
      { when: 'as a day begins', localHour: 0, order: [0, -1, 1, 0], expected: [ROOM, 0, 0, 0] },
      { when: 'as a day ends', localHour: 23, order: [1, 0, -1, 1], expected: [ROOM, 0, 0, 0] },
    ])('count days in one window $when', async ({ localHour, order, expected }) => {
      await awayFromTheHour();
      const zone = zoneWhereItIs(localHour);
      await using scene = await startScene(fresh(), daily(zone));
      const won: number[] = [];
      for (const hours of order) won.push(await winsOf(await scene.backend(hours)));
      expect(won).toEqual(expected);
    });

    it('free no slot of a call that still runs', async () => {
      await using scene = await startScene(fresh(), planOf([{ concurrent: 1 }]));
      const gate = scene.fake.gate();
      scene.fake.script('slow', { beforeHeaders: gate });
      for (const hours of [0, -1, 1]) {
        const { running } = await admitted(await scene.backend(hours), gate);
        for (const other of [1, -1, 0]) {
          const { code } = await (await scene.backend(other)).ask(chat());
          expect([hours, other, code]).toEqual([hours, other, 'too_many_concurrent']);
        }
        gate.pass();
        expect((await running).status).toBe(200);
      }
    });

    it('end a token early or late by as much as they are wrong, and no more', async () => {
      await using scene = await startScene(fresh(), planOf());
      const verdicts = async (issuer: number) => {
        const { token } = await scene.backend(issuer);
        const statuses: number[] = [];
        for (const hours of [-1, 0, 1]) {
          statuses.push((await (await scene.backend(hours)).ask(chat(), token)).status);
        }
        return statuses;
      };
      // They live for 90 minutes.
      expect(await verdicts(0)).toEqual([200, 200, 200]);
      expect(await verdicts(1)).toEqual([200, 200, 200]);
      // One that is slow issues what has half an hour left, and to one that is fast nothing.
      expect(await verdicts(-1)).toEqual([200, 200, 401]);
    });
  },
);

interface Scene extends AsyncDisposable {
  readonly fake: FakeOpenAI;
  /** The one that is wrong by so many hours; started when it is first asked for. */
  backend(hours: number): Promise<Backend>;
}

async function startScene(place: Place, plan: PlanSpec): Promise<Scene> {
  const fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  const backends = new Map<number, Promise<Backend>>();
  return {
    fake,
    async backend(hours) {
      const env = offByHours(library ?? '', hours);
      const settings = { place, fake, plan, env, stopsAt: undefined, ttl: '90m' };
      const known = backends.get(hours) ?? startBackend(settings);
      backends.set(hours, known);
      const backend = await known;
      expect(Math.abs(backend.aheadMs - hours * HOUR_MS)).toBeLessThan(HOUR_MS / 2);
      return backend;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...backends.values()].map(async (backend) => (await backend).kill()));
      await fake.close();
    },
  };
}

/** How many of `ROOM + 1` calls at once get an answer. */
async function winsOf(backend: Backend): Promise<number> {
  const calls = Array.from({ length: ROOM + 1 }, () => backend.ask(chat()));
  return (await Promise.all(calls)).filter(({ status }) => status === 200).length;
}

/** Asks until a call waits at the gate: the answer of the last one may arrive before its slot is free. */
async function admitted(backend: Backend, gate: Gate): Promise<{ running: Promise<Answer> }> {
  for (;;) {
    const running = backend.ask(saying('slow'));
    const early = await Promise.race([running, gate.arrived()]);
    if (early === undefined) return { running };
    expect(early.code).toBe('too_many_concurrent');
  }
}

const saying = (content: string) => chat({ messages: [{ role: 'user', content }] });

/** A zone of whole hours in which the hour of the day is this one now. */
function zoneWhereItIs(localHour: number): string {
  const ahead = ((localHour - new Date().getUTCHours() + 36) % 24) - 12;
  // POSIX counts what is west of Greenwich.
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

/** The hour must not turn while a test looks at it. */
async function awayFromTheHour(): Promise<void> {
  const leftMs = HOUR_MS - (Date.now() % HOUR_MS);
  if (leftMs < 15_000) await sleep(leftMs);
}
