import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuardedCompletion, type Guard, type PlanSpec } from '../../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { watchToken } from '../../canary.ts';
import { type Backend, startBackend } from '../../faults/killed/backend.ts';
import { openPlace, PATIENCE, type Place } from '../../faults/killed/place.ts';
import { startStores } from '../../faults/killed/stores.ts';
import { canaries, chat, MODEL } from '../../fixture.ts';

const PROCESSES = 4;
const LOGIN = 'a-login-of-the-user-ada';
const plan: PlanSpec = { models: [MODEL], limits: [{ requests: 1_000, per: '24h' }] };
const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());
const rows = Object.entries(stores.fresh).map(([store, fresh]) => ({ store, fresh }));

interface Scene extends AsyncDisposable {
  readonly fake: FakeOpenAI;
  readonly backends: readonly Backend[];
  /** A guard in this process, on the same store. */
  readonly guard: Guard;
}

async function startScene(place: Place): Promise<Scene> {
  const fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  const settings = { place, fake, plan, stopsAt: undefined, login: LOGIN };
  const starting = Array.from({ length: PROCESSES }, () => startBackend(settings));
  const backends = await Promise.all(starting);
  const { ledger, [Symbol.asyncDispose]: closePlace } = await openPlace(place);
  const { apiKey, secret } = canaries;
  const guard = createGuardedCompletion({
    apiKey,
    secret,
    baseURL: fake.baseURL,
    plans: { free: plan },
    ledger,
    timeouts: { ledger: PATIENCE },
  });
  return {
    fake,
    backends,
    guard,
    async [Symbol.asyncDispose]() {
      await Promise.all(backends.map((backend) => backend.kill()));
      await guard.close({ graceMs: 0 });
      await closePlace();
      await fake.close();
    },
  };
}

async function exchanged(backend: Backend | undefined, credential = LOGIN) {
  const answer = await backend?.exchange(credential);
  expect(answer?.status).toBe(200);
  const token = JSON.parse(answer?.text ?? '') as { id: string; value: string };
  watchToken(token.value);
  return token;
}

const codes = async ({ backends }: Scene, token: string): Promise<(string | null)[]> => {
  const answers = backends.map((backend) => backend.ask(chat(), token));
  return (await Promise.all(answers)).map(({ code }) => code);
};
const everywhere = <T>(value: T) => Array.from({ length: PROCESSES }, () => value);

/** Every process served the token before `act`, and returns `code` after it. */
async function changesTo(code: string, scene: Scene, token: string, act: () => Promise<unknown>) {
  expect(await codes(scene, token)).toEqual(everywhere(null));
  await act();
  const expected = everywhere(code);
  await expect.poll(() => codes(scene, token)).toEqual(expected);
}

describe.each(rows)(`${PROCESSES} processes on one $store`, ({ fresh }) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene(fresh());
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  it('A user token is accepted, refreshed and revoked across all processes', async () => {
    const [one, two, three] = scene.backends;
    const first = await exchanged(one);
    const second = await exchanged(two, first.value);
    const third = await exchanged(three, second.value);
    expect(new Set([first.id, second.id, third.id]).size).toBe(1);
    const listed = async () => (await scene.guard.tokens.list('ada')).entries.map(({ id }) => id);
    expect((await listed()).filter((id) => id === first.id)).toEqual([first.id]);
    const revoke = () => scene.guard.tokens.revoke(first.id);
    await changesTo('invalid_credential', scene, third.value, revoke);
    expect(await listed()).not.toContain(first.id);
    const refreshes = scene.backends.map((backend) => backend.exchange(third.value));
    expect((await Promise.all(refreshes)).map(({ status }) => status)).toEqual(everywhere(401));
    await exchanged(one);
  });

  it('A single-use user token serves one call across all processes', async () => {
    const before = scene.fake.requests.length;
    for (let round = 1; round <= 10; round += 1) {
      const { value } = await scene.guard.tokens.issue({ user: 'ada', singleUse: true });
      watchToken(value);
      const asks = scene.backends.flatMap((backend) =>
        [1, 2, 3].map(() => backend.ask(chat(), value)),
      );
      const outcomes = (await Promise.all(asks)).map(({ code }) => code ?? 'served');
      expect(outcomes.filter((outcome) => outcome === 'served')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'invalid_credential')).toHaveLength(11);
      expect(scene.fake.requests).toHaveLength(before + round);
    }
  });

  it('A user’s new limits apply in every other process', async () => {
    const { value } = await exchanged(scene.backends[0]);
    const none = () => scene.guard.users.setLimits('ada', [{ requests: 0, per: '24h' }]);
    await changesTo('quota_exceeded', scene, value, none);
    await scene.guard.users.setLimits('ada', undefined);
    await expect.poll(() => codes(scene, value)).toEqual(everywhere(null));
  });

  it('A stop reaches every process, cuts their streams if asked, and ends in every process', async () => {
    const { backends, guard, fake } = scene;
    const gate = fake.gate();
    const before = fake.requests.length;
    fake.script('unending', { tokens: 900, betweenChunks: gate });
    const body = chat({ stream: true, messages: [{ role: 'user', content: 'unending' }] });
    const { value } = await exchanged(backends[0]);
    const running = backends.map((backend) => backend.ask(body, value));
    await expect.poll(() => fake.requests.length).toBe(before + PROCESSES);
    const stop = () => guard.stop({ reason: 'A problem.', models: [MODEL], cut: true });
    await changesTo('service_stopped', scene, value, stop);
    for (const { text } of await Promise.all(running)) {
      expect(text).toContain('"code":"service_stopped"');
      expect(text).not.toContain('[DONE]');
    }
    const sent = fake.requests.length;
    expect(await codes(scene, value)).toEqual(everywhere('service_stopped'));
    expect(fake.requests).toHaveLength(sent);
    expect(await guard.resume()).toBe(true);
    await expect.poll(() => codes(scene, value)).toEqual(everywhere(null));
    gate.open();
  });

  it('A blocked user is denied in every process with any token, and their streams are cut', async () => {
    const { backends, guard, fake } = scene;
    const gate = fake.gate();
    const before = fake.requests.length;
    fake.script('endless', { tokens: 900, betweenChunks: gate });
    const body = chat({ stream: true, messages: [{ role: 'user', content: 'endless' }] });
    const { value } = await exchanged(backends[0]);
    const running = backends.map((backend) => backend.ask(body, value));
    await expect.poll(() => fake.requests.length).toBe(before + PROCESSES);
    const other = await exchanged(backends[1]);
    const block = () => guard.users.block('ada', { reason: 'abuse' });
    await changesTo('user_blocked', scene, other.value, block);
    for (const { text } of await Promise.all(running)) {
      expect(text).toContain('"code":"user_blocked"');
      expect(text).not.toContain('[DONE]');
    }
    const later = await guard.tokens.issue({ user: 'ada' });
    expect(await codes(scene, watchToken(later.value))).toEqual(everywhere('user_blocked'));
    const logins = backends.map((backend) => backend.exchange(LOGIN));
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual(everywhere(403));
    gate.open();
  });
});
