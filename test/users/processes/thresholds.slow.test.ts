import { afterAll, describe, expect, it } from 'vitest';
import { createGuardedCompletion, type LimitSpec, type PlanSpec } from '../../../src/index.ts';
import { fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { watchToken } from '../../canary.ts';
import { startBackend } from '../../faults/killed/backend.ts';
import { openPlace, type Place } from '../../faults/killed/place.ts';
import { startStores } from '../../faults/killed/stores.ts';
import { canaries, chat, MODEL } from '../../fixture.ts';

const PROCESSES = 3;
const ROUNDS = 20;
const CALLS_EACH = 20;
const CALLS = PROCESSES * CALLS_EACH;
const own: LimitSpec = { requests: CALLS, per: '24h', warnAt: [0.5, 0.8, 1] };
const plan: PlanSpec = { models: [MODEL], limits: [own] };
const limits: readonly LimitSpec[] = [
  { requests: ROUNDS * CALLS, per: 'year', warnAt: [0.5, 0.9] },
];

const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());
const rows = Object.entries(stores.fresh).map(([store, fresh]) => ({ store, fresh }));

async function startScene(place: Place) {
  const fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  const settings = { place, fake, plan, limits, stopsAt: undefined };
  const starting = Array.from({ length: PROCESSES }, () => startBackend(settings));
  const backends = await Promise.all(starting);
  const opened = await openPlace(place);
  const { apiKey, secret } = canaries;
  const guard = createGuardedCompletion({
    apiKey,
    secret,
    plans: { free: plan },
    ledger: opened.ledger,
  });
  return {
    guard,
    backends,
    told: () => backends.flatMap(({ thresholds }) => thresholds),
    async [Symbol.asyncDispose]() {
      await Promise.all(backends.map((backend) => backend.kill()));
      await guard.close({ graceMs: 0 });
      await opened[Symbol.asyncDispose]();
      await fake.close();
    },
  };
}

describe.each(rows)(`${PROCESSES} processes on one $store`, ({ fresh }) => {
  it(`emit threshold once for each window and fraction, ${ROUNDS} of ${ROUNDS} times`, {
    timeout: 240_000,
  }, async () => {
    await using scene = await startScene(fresh());
    const { backends, guard, told } = scene;
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = `user-${round}`;
      const token = watchToken((await guard.tokens.issue({ user })).value);
      const ask = () => Promise.all(backends.map((backend) => backend.ask(chat(), token)));
      for (let call = 0; call < CALLS_EACH; call += 1) await ask();
      const fractions = () =>
        told().flatMap(({ userId, fraction }) => (userId === user ? [fraction] : []));
      // A call that is denied while the last ones are still being posted tells nothing.
      const afterDenial = async () => {
        for (const { code } of await ask()) expect(code).toBe('quota_exceeded');
        return fractions().sort();
      };
      await expect.poll(afterDenial).toEqual([0.5, 0.8, 1]);
    }
    const own = told().filter(({ level }) => level === 'user');
    const global = told().filter(({ level }) => level === 'global');
    expect(own).toHaveLength(3 * ROUNDS);
    expect(global.map(({ fraction }) => fraction).sort()).toEqual([0.5, 0.9]);
    expect(new Set(told().map(({ id }) => id)).size).toBe(told().length);
  });
});
