import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ApiKeySource, GuardOptions } from '../../src/index.ts';
import { cachedSecret } from '../../src/secrets/index.ts';
import { headerOf } from '../../src/testing/fake-openai/seen-request.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { LeakScanner } from '../leak-scanner.ts';

const plans = {
  free: {
    models: [MODEL],
    limits: [
      { requests: 10_000, per: '24h' },
      { usd: 100, per: 'day' },
    ],
  },
};

/** A secret manager and the keys that OpenAI accepts. Both change while calls run. */
function rotating() {
  const [old, fresh] = [0, 1].map((n) => `sk-${n}-${randomBytes(24).toString('base64url')}`);
  return { old: old ?? '', fresh: fresh ?? '', accepted: [old ?? ''], stored: old ?? '', reads: 0 };
}

const start = (
  keys: ReturnType<typeof rotating>,
  apiKey: ApiKeySource,
  more: Partial<GuardOptions> = {},
) => startFixture({ plans, apiKey, ...more }, { apiKeys: keys.accepted });

const sentKeys = ({ fake }: Fixture) =>
  fake.requests.map((request) => headerOf(request, 'authorization')?.replace('Bearer ', ''));

describe('A key that is replaced while calls run', () => {
  it('A key rotation is invisible to users, while both keys are valid and when the old one no longer is', async () => {
    const keys = rotating();
    let nowMs = Date.now();
    const read = async () => {
      keys.reads += 1;
      return keys.stored;
    };
    const apiKey = cachedSecret(read, { ttl: '1h', clock: { nowMs: () => nowMs } });
    await using fixture = await start(keys, apiKey);
    const { guard, fake } = fixture;
    const scanner = new LeakScanner();
    for (const key of [keys.old, keys.fresh]) scanner.watch('a key', key.slice(5));
    const token = await tokenOf(guard);
    const round = async () => {
      const calls = Array.from({ length: 60 }, async (_, call) => {
        const answer = await post(guard, token, chat({ stream: call % 2 === 0 }));
        const text = await answer.text();
        expect(scanner.find(Buffer.from(text))).toBeUndefined();
        expect(scanner.find(Buffer.from(JSON.stringify([...answer.headers])))).toBeUndefined();
        return answer.status;
      });
      expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    };
    await round();
    keys.accepted.push(keys.fresh);
    keys.stored = keys.fresh;
    nowMs += 10_000;
    await round();
    // The old key has not been refused yet.
    expect(new Set(sentKeys(fixture))).toEqual(new Set([keys.old]));
    const running = round();
    keys.accepted.splice(0, 1);
    await running;
    await round();
    expect(new Set(sentKeys(fixture).slice(-60))).toEqual(new Set([keys.fresh]));
    expect(keys.reads).toBe(2);
    expect(fixture.failed).toEqual([]);
    await expect.poll(() => fixture.settled.length).toBe(240);
    const invoiced = fake.invoice.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
    const [requests, usd] = (await guard.users.usage('ada')).limits;
    expect(requests).toMatchObject({ used: 240, held: 0 });
    expect(usd?.used).toBeCloseTo(invoiced, 9);
  });

  it('A key function without a cache is called once more when OpenAI refuses its key', async () => {
    const keys = rotating();
    const refused: (string | undefined)[] = [];
    const apiKey: ApiKeySource = (_user, request) => {
      refused.push(request.refused);
      return keys.stored;
    };
    await using fixture = await start(keys, apiKey);
    const token = await tokenOf(fixture.guard);
    keys.accepted[0] = keys.fresh;
    const denied = await post(fixture.guard, token, chat());
    expect([denied.status, await codeOf(denied)]).toEqual([503, 'upstream_account']);
    expect(refused).toEqual([undefined, keys.old]);
    expect(fixture.failed).toMatchObject([{ source: 'upstream_account' }]);
    keys.stored = keys.fresh;
    expect((await post(fixture.guard, token, chat())).status).toBe(200);
    expect(fixture.fake.requests).toHaveLength(2);
  });
});

describe('A key that OpenAI refuses', () => {
  it.each<[string, (keys: ReturnType<typeof rotating>) => ApiKeySource]>([
    ['without a replacement', (keys) => () => keys.old],
    [
      'with a replacement that is refused too',
      (keys) =>
        (_user, { refused }) =>
          refused ? keys.fresh : keys.old,
    ],
    [
      'with a secret manager that is down',
      (keys) =>
        (_user, { refused }) =>
          refused ? Promise.reject(new Error('down')) : keys.old,
    ],
    [
      'with a secret manager that hangs',
      (keys) =>
        (_user, { refused }) =>
          refused ? new Promise<string>(() => {}) : keys.old,
    ],
    [
      'with an invalid replacement',
      (keys) =>
        (_user, { refused }) =>
          refused ? 'two\nlines' : keys.old,
    ],
  ])(
    'A refused key %s returns 503 and never 401, is tried at most twice and gives the hold back',
    async (_, source) => {
      const keys = rotating();
      keys.accepted[0] = 'sk-another-one';
      await using fixture = await start(keys, source(keys), { timeouts: { hook: '50ms' } });
      const { guard, fake } = fixture;
      const answer = await post(guard, await tokenOf(guard), chat());
      expect([answer.status, await codeOf(answer)]).toEqual([503, 'upstream_account']);
      expect(fake.requests.length).toBeLessThanOrEqual(2);
      expect(fixture.failed).toMatchObject([{ source: 'upstream_account' }]);
      await expect.poll(() => fixture.released.length).toBe(1);
      const { limits } = await guard.users.usage('ada');
      expect(limits.map(({ used, held }) => used + held)).toEqual([0, 0]);
    },
  );
});

describe('A key for each plan or user', () => {
  it('A key is sent with its own project and organization, which no client can choose', async () => {
    const apiKey: ApiKeySource = ({ id }, { plan }) =>
      id === 'ada' ? { key: `sk-${plan}-ada`, project: 'proj_ada' } : `sk-${plan}`;
    await using fixture = await startFixture(
      { plans, apiKey, organization: 'org_ours', project: 'proj_ours' },
      { apiKeys: ['sk-free-ada', 'sk-free'] },
    );
    const { guard, fake } = fixture;
    for (const user of ['ada', 'bob']) {
      const request = new Request('http://app.test/v1/chat/completions', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await tokenOf(guard, user)}`,
          'content-type': 'application/json',
          'openai-project': 'proj_of_somebody',
          'openai-organization': 'org_of_somebody',
        },
        body: JSON.stringify(chat()),
      });
      expect((await guard.handler(request)).status).toBe(200);
    }
    const sent = fake.requests.map((request) =>
      ['authorization', 'openai-project', 'openai-organization'].map((name) =>
        headerOf(request, name),
      ),
    );
    expect(sent).toEqual([
      ['Bearer sk-free-ada', 'proj_ada', 'org_ours'],
      ['Bearer sk-free', 'proj_ours', 'org_ours'],
    ]);
  });

  it('The keys of different users rotate independently', async () => {
    const stored = { ada: 'sk-ada-old', bob: 'sk-bob' };
    const accepted = ['sk-ada-new', 'sk-bob'];
    let nowMs = Date.now();
    const clock = { nowMs: () => nowMs };
    const ofAda = cachedSecret(async () => stored.ada, { clock });
    const ofBob = cachedSecret(async () => stored.bob, { clock });
    const apiKey: ApiKeySource = (user, request) =>
      (user.id === 'ada' ? ofAda : ofBob)(user, request);
    await using fixture = await startFixture({ plans, apiKey }, { apiKeys: accepted });
    const ask = async (user: string) => {
      const answer = await post(fixture.guard, await tokenOf(fixture.guard, user), chat());
      await answer.text();
      return answer.status;
    };
    expect([await ask('ada'), await ask('bob')]).toEqual([503, 200]);
    stored.ada = 'sk-ada-new';
    nowMs += 2_000;
    expect([await ask('ada'), await ask('bob')]).toEqual([200, 200]);
  });
});
