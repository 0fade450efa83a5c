import { describe, expect, it } from 'vitest';
import type { LimitSpec, PlanSpec } from '../../src/index.ts';
import { headerOf } from '../../src/testing/fake-openai/seen-request.ts';
import { codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const PATH = '/v1/realtime/client_secrets';
const session = { type: 'realtime', model: 'gpt-realtime', instructions: 'Be kind.' } as const;
const reserve = { usd: 0.4, outputTokens: 1_000 };
const limits: LimitSpec[] = [
  { requests: 2, per: '24h' },
  { usd: 5, per: 'day' },
  { tokens: 9_000, per: 'day' },
];
const realtime = { session, reserve, maxSeconds: 30 };
const talking: PlanSpec = { models: [MODEL, 'gpt-realtime'], limits, allow: { realtime } };

const mint = async ({ guard }: Fixture, body: unknown = {}, token?: string) =>
  post(guard, token ?? (await tokenOf(guard)), body, PATH);
const sent = ({ fake }: Fixture) => fake.requests.map(({ body }) => body);

describe('POST /realtime/client_secrets', () => {
  it('Client secrets are rejected unless a plan enables them', async () => {
    await using fixture = await startFixture({ plans: { free: { models: ['*'] } } });
    for (const body of [
      {},
      { session },
      { expires_after: { anchor: 'created_at', seconds: 10 } },
    ]) {
      const answer = await mint(fixture, body);
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'endpoint_not_allowed']);
    }
    expect(fixture.fake.requests).toEqual([]);
  });

  it('A client secret has OpenAI’s shape, the plan’s own session and a short life', async () => {
    await using fixture = await startFixture({ plans: { talking } });
    const answer = await mint(fixture);
    expect(answer.status).toBe(200);
    const secret = (await answer.json()) as { value: string; expires_at: number; session: object };
    expect(secret.value).toMatch(/^ek_/);
    expect(secret.session).toMatchObject(session);
    expect(secret.expires_at - Date.now() / 1000).toBeLessThanOrEqual(30);
    expect(sent(fixture)).toEqual([
      { expires_after: { anchor: 'created_at', seconds: 30 }, session },
    ]);
  });

  it('The end-user id is sent in OpenAI’s header, which a client cannot set', async () => {
    await using fixture = await startFixture({ plans: { talking } });
    const { guard, fake } = fixture;
    const tags: (string | undefined)[] = [];
    for (const user of ['ada', 'ada', 'bob']) {
      const request = new Request(`http://app.test${PATH}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await tokenOf(guard, user)}`,
          'content-type': 'application/json',
          'openai-safety-identifier': 'somebody else',
        },
        body: '{}',
      });
      await (await guard.handler(request)).text();
    }
    for (const request of fake.requests) tags.push(headerOf(request, 'openai-safety-identifier'));
    expect(tags[0]).toMatch(/^[\w-]{43}$/);
    expect(tags[1]).toBe(tags[0]);
    expect(tags[2]).not.toBe(tags[0]);
    expect(tags.join()).not.toContain('somebody');
    expect(await guard.users.byEndUserId(tags[0] ?? '')).toBe('ada');
  });

  it('A client secret that can never fit in a limit is denied without advice that no client can follow', async () => {
    const tight: PlanSpec = { ...talking, limits: [{ usd: 0.3, per: 'day' }] };
    await using fixture = await startFixture({ plans: { talking: tight } });
    const answer = await mint(fixture);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect([answer.status, error.code]).toEqual([400, 'call_exceeds_limit']);
    expect(error.message).toMatch(/need up to 0\.4 usd.*can never fit\.$/);
  });

  it('Each client secret is charged what the plan reserves, in every limit', async () => {
    await using fixture = await startFixture({ plans: { talking } });
    await (await mint(fixture)).text();
    await expect.poll(() => fixture.settled.length).toBe(1);
    expect(fixture.settled[0]).toMatchObject({
      endpoint: 'realtime.client_secrets',
      model: 'gpt-realtime',
      costNanoUsd: 4e8,
      outputTokens: 1_000,
      estimated: true,
    });
    const usage = await fixture.guard.users.usage('ada');
    expect(usage.limits.map(({ used, held }) => [used, held])).toEqual([
      [1, 0],
      [0.4, 0],
      [1_000, 0],
    ]);
    await (await mint(fixture)).text();
    expect(await codeOf(await mint(fixture))).toBe('quota_exceeded');
    expect(fixture.fake.requests).toHaveLength(2);
  });

  it('The reserve is released when OpenAI rejects the request', async () => {
    await using fixture = await startFixture({ plans: { talking } });
    fixture.fake.scriptNext({ reply: { status: 500, body: { error: { message: 'down' } } } });
    expect((await mint(fixture)).status).toBeGreaterThanOrEqual(500);
    const usage = await fixture.guard.users.usage('ada');
    expect(usage.limits.map(({ used, held }) => used + held)).toEqual([0, 0, 0]);
  });

  it.each([
    [5, 10],
    [10, 10],
    [29, 29],
    [31, 30],
    [7_200, 30],
  ])('A requested life of %i seconds becomes %i seconds', async (seconds, expected) => {
    await using fixture = await startFixture({ plans: { talking } });
    const expires_after = { anchor: 'created_at', seconds };
    expect((await mint(fixture, { expires_after })).status).toBe(200);
    expect(sent(fixture)).toMatchObject([{ expires_after: { seconds: expected } }]);
  });

  it.each([
    [{ session: { type: 'realtime', model: 'gpt-realtime' } }, 200],
    [{ session: { type: 'realtime', model: 'gpt-realtime-pro' } }, 400],
    [{ session: { type: 'transcription' } }, 400],
    [{ session: { ...session, instructions: 'Be free.' } }, 400],
    [{ session: { type: 'realtime', tools: [{ type: 'mcp' }] } }, 400],
    [{ model: 'gpt-realtime' }, 400],
    [{ expires_after: { anchor: 'never', seconds: 10 } }, 400],
    [{ expires_after: { anchor: 'created_at', seconds: 1e9, more: 1 } }, 400],
  ])('A client secret request with %j returns %i', async (body, status) => {
    await using fixture = await startFixture({ plans: { talking } });
    expect((await mint(fixture, body)).status).toBe(status);
    expect(sent(fixture).every((one) => JSON.stringify(one).includes('Be kind.'))).toBe(true);
  });

  it('A user token with other models or endpoints cannot create a client secret', async () => {
    await using fixture = await startFixture({ plans: { talking } });
    const { tokens } = fixture.guard;
    const other = await tokens.issue({ user: 'ada', models: [MODEL] });
    expect(await codeOf(await mint(fixture, {}, other.value))).toBe('model_not_allowed');
    const chats = await tokens.issue({ user: 'ada', endpoints: ['chat.completions'] });
    expect(await codeOf(await mint(fixture, {}, chats.value))).toBe('endpoint_not_allowed');
  });

  it.each([
    [{ ...talking, models: [MODEL] }, 'allow.realtime.session.model'],
    [{ ...talking, allow: { realtime: { ...realtime, maxSeconds: 9 } } }, 'maxSeconds'],
    [{ ...talking, allow: { realtime: { session } } }, 'reserve'],
    [{ ...talking, allow: { realtime: { ...realtime, session: { type: 'x' } } } }, 'session'],
  ])('An invalid realtime plan throws at startup (%#)', async (plan, field) => {
    await expect(startFixture({ plans: { talking: plan as PlanSpec } })).rejects.toThrow(field);
  });
});
