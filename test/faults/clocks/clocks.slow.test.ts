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

// SQLite is left out: all processes that share a file run on one host and so share one clock.
const { redis, postgres } = stores?.fresh ?? {};
const rows = Object.entries({ redis, postgres }).flatMap(([store, fresh]) =>
  fresh === undefined ? [] : [{ store, fresh }],
);

// A file without any test fails.
if (rows.length === 0)
  it.skip('Wrong backend clocks cannot be tested without libfaketime and Redis or Postgres');

const planOf = (limits: PlanSpec['limits'] = []): PlanSpec => ({ models: [MODEL], limits });
const daily = (timeZone: string) => planOf([{ requests: ROOM, per: 'day', timeZone }]);

describe.skipIf(library === undefined).each(rows)(
  'Backends with clocks an hour off, on $store',
  ({ fresh }) => {
    it.each([
      { when: 'at noon', localHour: 12, order: [1, 0, -1, 1], expected: [ROOM, 0, 0, 0] },
      {
        when: 'at the start of a day',
        localHour: 0,
        order: [0, -1, 1, 0],
        expected: [ROOM, 0, 0, 0],
      },
      {
        when: 'at the end of a day',
        localHour: 23,
        order: [1, 0, -1, 1],
        expected: [ROOM, 0, 0, 0],
      },
    ])(
      'Backends with wrong clocks count days in one window $when',
      async ({ localHour, order, expected }) => {
        await awayFromTheHour();
        const zone = zoneWhereItIs(localHour);
        await using scene = await startScene(fresh(), daily(zone));
        const won: number[] = [];
        for (const hours of order) won.push(await winsOf(await scene.backend(hours)));
        expect(won).toEqual(expected);
      },
    );

    it('Backends with wrong clocks never free the slot of a running call', async () => {
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

    it('A token ends early or late by the clock error of a backend and by no more', async () => {
      await using scene = await startScene(fresh(), planOf());
      const verdicts = async (issuer: number) => {
        const { token } = await scene.backend(issuer);
        const statuses: number[] = [];
        for (const hours of [-1, 0, 1]) {
          statuses.push((await (await scene.backend(hours)).ask(chat(), token)).status);
        }
        return statuses;
      };
      // Tokens live for 90 minutes.
      expect(await verdicts(0)).toEqual([200, 200, 200]);
      expect(await verdicts(1)).toEqual([200, 200, 200]);
      // A token from a backend that is an hour slow has half an hour left, and has expired for a
      // backend that is an hour fast.
      expect(await verdicts(-1)).toEqual([200, 200, 401]);
    });
  },
);

interface Scene extends AsyncDisposable {
  readonly fake: FakeOpenAI;
  /** The backend with a clock that is off by `hours`, started on first use. */
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

/** How many of `ROOM + 1` simultaneous calls succeed. */
async function winsOf(backend: Backend): Promise<number> {
  const calls = Array.from({ length: ROOM + 1 }, () => backend.ask(chat()));
  return (await Promise.all(calls)).filter(({ status }) => status === 200).length;
}

/**
 * Retries until a call waits at the gate. The answer of the previous call may arrive before its
 * slot is free.
 */
async function admitted(backend: Backend, gate: Gate): Promise<{ running: Promise<Answer> }> {
  for (;;) {
    const running = backend.ask(saying('slow'));
    const early = await Promise.race([running, gate.arrived()]);
    if (early === undefined) return { running };
    expect(early.code).toBe('too_many_concurrent');
  }
}

const saying = (content: string) => chat({ messages: [{ role: 'user', content }] });

/** A time zone of whole hours in which it is now `localHour`. */
function zoneWhereItIs(localHour: number): string {
  const ahead = ((localHour - new Date().getUTCHours() + 36) % 24) - 12;
  // POSIX zone names count hours west of Greenwich.
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

/** Waits if the hour is about to end: it must not change during a test. */
async function awayFromTheHour(): Promise<void> {
  const leftMs = HOUR_MS - (Date.now() % HOUR_MS);
  if (leftMs < 15_000) await sleep(leftMs);
}
