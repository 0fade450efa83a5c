import { describe, expect, it } from 'vitest';
import { anonymous } from '../../src/auth/anonymous.ts';
import type { LimitSpec } from '../../src/index.ts';
import { chat, codeOf, type Fixture, post, startFixture, tokenOf } from '../fixture.ts';

const SMALL = 'gpt-5-mini';
const LARGE = 'gpt-5';
const SNAPSHOT = 'gpt-5-2025-08-07';
const EMBEDDING = 'text-embedding-3-small';
const plan = { models: ['gpt-5*', EMBEDDING], maxOutputTokens: 100 };
const planWith = (...limits: LimitSpec[]) => ({ plans: { free: { ...plan, limits } } });

interface Asked {
  readonly model?: string;
  readonly token?: string;
}

async function ask({ guard }: Fixture, { model = SMALL, token }: Asked = {}): Promise<string> {
  const answer = await post(guard, token ?? (await tokenOf(guard)), chat({ model }));
  return answer.ok ? answer.text().then(() => 'served') : codeOf(answer);
}

async function embed({ guard }: Fixture): Promise<string> {
  const body = { model: EMBEDDING, input: 'Hello.' };
  const answer = await post(guard, await tokenOf(guard), body, '/v1/embeddings');
  return answer.ok ? answer.text().then(() => 'served') : codeOf(answer);
}

const namesIn = (header: string | null) => header?.match(/(?<=")[^";]+(?=";r)/g) ?? [];
const usedOf = async ({ guard }: Fixture) =>
  (await guard.users.usage('ada')).limits.map(({ name, used }) => [name, used]);

describe('Limits of some models or endpoints', () => {
  it('Two limits of one window count apart, and one that is used up leaves the other', async () => {
    await using fixture = await startFixture(
      planWith(
        { requests: 2, per: 'day', models: [SMALL] },
        { requests: 1, per: 'day', models: [LARGE] },
      ),
    );
    expect(await ask(fixture, { model: LARGE })).toBe('served');
    expect(await ask(fixture, { model: LARGE })).toBe('quota_exceeded');
    expect(fixture.denied[0]?.message).toContain('Limit "requests-day-gpt-5": 1 requests, 0 left');
    for (const code of ['served', 'served', 'quota_exceeded'])
      expect(await ask(fixture)).toBe(code);
    expect(await usedOf(fixture)).toEqual([
      ['requests-day-gpt-5-mini', 2],
      ['requests-day-gpt-5', 1],
    ]);
    expect(fixture.fake.invoice).toHaveLength(3);
  });

  it('A snapshot counts as the model of its name', async () => {
    await using fixture = await startFixture(
      planWith({ requests: 1, per: 'day', models: [LARGE] }),
    );
    expect(await ask(fixture, { model: SNAPSHOT })).toBe('served');
    expect(await ask(fixture, { model: LARGE })).toBe('quota_exceeded');
    expect(await ask(fixture, { model: 'gpt-5-mini-2025-08-07' })).toBe('served');
  });

  it('A call that several models may serve counts in the limits of each of them', async () => {
    const models = { 'gpt-5-fast': [SMALL, LARGE] };
    await using fixture = await startFixture({
      models,
      ...planWith(
        { requests: 9, per: 'day', models: [SMALL] },
        { requests: 9, per: 'day', models: [LARGE] },
        { requests: 9, per: 'day', models: ['gpt-5-fast'] },
        { requests: 9, per: 'day', models: ['gpt-5-nano'] },
      ),
    });
    expect(await ask(fixture, { model: 'gpt-5-fast' })).toBe('served');
    expect((await usedOf(fixture)).map(([, used]) => used)).toEqual([1, 1, 1, 0]);
  });

  it('A limit of endpoints counts no call of another endpoint', async () => {
    await using fixture = await startFixture(
      planWith({ requests: 1, per: 'day', endpoints: ['embeddings'] }),
    );
    expect([await embed(fixture), await embed(fixture)]).toEqual(['served', 'quota_exceeded']);
    expect([await ask(fixture), await ask(fixture)]).toEqual(['served', 'served']);
  });

  const filtered = (requests: number) => ({ requests, per: 'day', models: [LARGE] }) as const;

  it('Limits of a token, and global ones, count by model too', async () => {
    await using fixture = await startFixture({ ...planWith(), limits: [filtered(2)] });
    const issued = await fixture.guard.tokens.issue({ user: 'ada', limits: [filtered(1)] });
    const token = issued.value;
    expect(await ask(fixture, { model: LARGE, token })).toBe('served');
    expect(await ask(fixture, { model: LARGE, token })).toBe('quota_exceeded');
    expect(await ask(fixture, { token })).toBe('served');
    expect(await ask(fixture, { model: LARGE })).toBe('served');
    expect(await ask(fixture, { model: LARGE })).toBe('service_budget_exceeded');
    expect(await ask(fixture)).toBe('served');
  });

  it('Limits of a group count by model, also for a request that a hook replaced', async () => {
    const team = (id: string) => ({ id, groups: [{ kind: 'team', id: 't1' }] });
    await using fixture = await startFixture({
      ...planWith(),
      groups: { team: { limits: [filtered(1)] } },
      before: ({ user, body }) =>
        user.id === 'bob' ? { body: { ...body, model: LARGE } } : undefined,
    });
    const askAs = async (id: string, model: string) => {
      const { value: token } = await fixture.guard.tokens.issue({ user: team(id) });
      return ask(fixture, { model, token });
    };
    expect([await askAs('ada', SMALL), await askAs('ada', SMALL)]).toEqual(['served', 'served']);
    expect(await askAs('bob', SMALL)).toBe('served');
    expect(await askAs('ada', LARGE)).toBe('group_limit_exceeded');
    expect(await askAs('ada', SMALL)).toBe('served');
  });

  it('Limits of all anonymous users count by model too', async () => {
    const auth = anonymous({ device: () => 'device-1234', trustProxy: 1 });
    await using fixture = await startFixture({
      ...planWith(),
      auth,
      anonymousLimits: [filtered(1)],
    });
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.1' };
    const codes: string[] = [];
    for (const model of [LARGE, LARGE, SMALL]) {
      const body = JSON.stringify(chat({ model }));
      const url = 'http://app.test/v1/chat/completions';
      const answer = await fixture.guard.handler(
        new Request(url, { method: 'POST', headers, body }),
      );
      codes.push(answer.ok ? await answer.text().then(() => 'served') : await codeOf(answer));
    }
    expect(codes).toEqual(['served', 'service_budget_exceeded', 'served']);
  });

  it('users.setLimits sets one for a user alone', async () => {
    await using fixture = await startFixture(
      planWith({ requests: 1, per: 'day', models: [LARGE] }, { requests: 9, per: 'day' }),
    );
    const { users } = fixture.guard;
    await users.setLimits('ada', [{ requests: 2, per: 'day', models: [LARGE] }]);
    for (const code of ['served', 'served', 'quota_exceeded']) {
      expect(await ask(fixture, { model: LARGE })).toBe(code);
    }
    const limits = [{ requests: 2, per: 'day', models: ['gpt-9'] }] as const;
    await expect(users.setLimits('ada', limits)).rejects.toThrow(
      '"users.setLimits[0].models.0": "gpt-9" is no model that may be called here',
    );
  });

  it('A model without a price is served where no limit of money counts it', async () => {
    await using fixture = await startFixture({
      plans: {
        free: {
          ...plan,
          models: [LARGE, 'house-model'],
          limits: [{ usd: 5, per: 'day', models: [LARGE] }],
        },
      },
    });
    expect(await ask(fixture, { model: 'house-model' })).toBe('served');
    expect(await ask(fixture, { model: LARGE })).toBe('served');
  });

  it('Headers show the limits that count the call, and all of them where its model is unknown', async () => {
    await using fixture = await startFixture(
      planWith(
        { requests: 2, per: 'day', models: [LARGE] },
        { requests: 9, per: 'day' },
        { requests: 3, per: 'day', endpoints: ['embeddings'] },
      ),
    );
    const shownAfter = async (body: unknown) => {
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
      await answer.text();
      expect(namesIn(answer.headers.get('ratelimit'))).toHaveLength(
        answer.headers.get('ratelimit-policy')?.split(', ').length ?? 0,
      );
      return namesIn(answer.headers.get('ratelimit'));
    };
    expect(await shownAfter(chat({ model: LARGE }))).toEqual([
      'requests-day-gpt-5',
      'requests-day',
    ]);
    expect(await shownAfter(chat({ model: SMALL }))).toEqual(['requests-day']);
    expect(await shownAfter('{')).toHaveLength(3);
  });
});
