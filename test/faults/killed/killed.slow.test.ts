import { afterAll, describe, expect, it } from 'vitest';
import { createGuardedCompletion, type Guard } from '../../../src/index.ts';
import { LEASE_MS } from '../../../src/pipeline/lease.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { canaries, chat, codeOf, MODEL, post, tokenOf } from '../../fixture.ts';
import { startBackend } from './backend.ts';
import type { ChildSettings } from './backend-child.ts';
import { openPlace, PATIENCE, type Place } from './place.ts';
import { startStores } from './stores.ts';

const PLAN = {
  models: [MODEL],
  maxOutputTokens: 100,
  limits: [{ requests: 10, per: '24h' }, { usd: 1, per: '24h' }, { concurrent: 1 }],
} as const;

interface Phase {
  readonly name: string;
  readonly stopsAt?: ChildSettings['stopsAt'];
  /** Holds the call at the fake. The returned function resolves when the call has arrived there. */
  readonly holdUp?: (fake: FakeOpenAI) => () => Promise<void>;
  /** Whether the call may have reached OpenAI. */
  readonly sent: boolean;
}

const TEXT = 'one two three four five six';
const phases: readonly Phase[] = [
  { name: 'between the reserve and the request', stopsAt: 'key', sent: false },
  {
    name: 'after the request, before the headers',
    holdUp(fake) {
      const gate = fake.gate();
      fake.scriptNext({ text: TEXT, beforeHeaders: gate });
      return () => gate.arrived();
    },
    sent: true,
  },
  {
    name: 'in the middle of the answer',
    holdUp(fake) {
      const gate = fake.gate();
      fake.scriptNext({ text: TEXT, betweenChunks: gate });
      return async () => {
        await gate.arrived();
        gate.pass();
        await gate.arrived();
      };
    },
    sent: true,
  },
  { name: 'after the last byte, before the settle', stopsAt: 'settle', sent: true },
];

const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());
const rows = Object.entries(stores.fresh).flatMap(([store, fresh]) =>
  phases.flatMap((phase) =>
    [true, false].map((stream) => ({
      title: `${stream ? 'streamed' : 'whole'} call on ${store}`,
      phase,
      stream,
      fresh,
    })),
  ),
);

describe('A backend that is killed', () => {
  it.each(rows)(
    'The hold of a backend killed $phase.name ends with its lease ($title)',
    async ({ phase, stream, fresh }) => {
      await using fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
      const place = fresh();
      await killAt(phase, { place, fake, stream });
      await using later = await guardLater(place, fake);
      const { guard } = later;
      const held = await standing(guard);
      expect(held).toMatchObject({ requests: [0, 1], concurrent: [0, 1] });

      later.pass(LEASE_MS - 30_000);
      expect(await standing(guard)).toEqual(held);
      const token = await tokenOf(guard);
      expect(await codeOf(await post(guard, token, chat()))).toBe('too_many_concurrent');

      later.pass(31_000);
      const [, estimateUsd] = held['usd'] ?? [];
      const charged = phase.sent ? [estimateUsd, 0] : [0, 0];
      const freed = { requests: [phase.sent ? 1 : 0, 0], usd: charged, concurrent: [0, 0] };
      expect(await standing(guard)).toEqual(freed);
      expect(estimateUsd).toBeGreaterThanOrEqual(fake.totals().costUsd ?? Number.POSITIVE_INFINITY);
      expect(fake.invoice).toHaveLength(phase.sent ? 1 : 0);

      expect((await post(guard, token, chat())).status).toBe(200);
    },
  );
});

interface Scene {
  readonly place: Place;
  readonly fake: FakeOpenAI;
  readonly stream: boolean;
}

/** Brings one call of a backend to the phase and kills the backend there. */
async function killAt(phase: Phase, { place, fake, stream }: Scene): Promise<void> {
  const arrived = phase.holdUp?.(fake);
  const { stopsAt } = phase;
  await using backend = await startBackend({ place, fake, plan: PLAN, stopsAt });
  const call = backend.ask(chat({ stream })).catch(() => {});
  await (stopsAt === undefined ? arrived?.() : backend.stopped);
  await backend.kill();
  await call;
}

/** Another backend on the same store. The test moves its time. */
async function guardLater(place: Place, fake: FakeOpenAI) {
  let aheadMs = 0;
  const clock = { nowMs: () => Date.now() + aheadMs };
  const { apiKey, secret } = canaries;
  const opened = await openPlace(place, clock);
  const { ledger } = opened;
  const { baseURL } = fake;
  const plans = { free: PLAN };
  const timeouts = { ledger: PATIENCE };
  const options = { apiKey, secret, baseURL, plans, ledger, clock, timeouts };
  const guard = createGuardedCompletion(options);
  return {
    guard,
    pass(ms: number) {
      aheadMs += ms;
    },
    async [Symbol.asyncDispose]() {
      await guard.close({ graceMs: 0 });
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** Used and held amounts by unit. */
async function standing(guard: Guard): Promise<Record<string, number[]>> {
  const { limits } = await guard.users.usage('ada');
  return Object.fromEntries(limits.map(({ unit, used, held }) => [unit, [used, held]]));
}
