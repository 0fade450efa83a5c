import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyOf, authenticate, userTokens } from '../../src/auth/index.ts';
import { chat, codeOf, type Fixture, MODEL, startFixture, tokenOf } from '../fixture.ts';
import { openRequest, rawExchange, rawPost, statusOf } from './client.ts';
import { hosts, type RunningHost } from './hosts.ts';

const PREFIX = '/deep/mount';
const BODY_BYTES_MAX = 64 * 1024;

/** The remote address that a host reports, in calls without a credential. */
let remoteAddress: string | undefined;
const lookAround = authenticate((request) => {
  remoteAddress = request.remoteAddress;
  return null;
});

const settings = {
  auth: anyOf(userTokens(), lookAround),
  plans: {
    free: {
      models: [MODEL, 'gpt-4o*'],
      maxOutputTokens: 100,
      limits: [{ requests: 2, per: '24h' }],
    },
    pro: { models: [MODEL], maxOutputTokens: 100, limits: [{ requests: 1_000, per: '24h' }] },
  },
  planOf: ({ id }: { id: string }) => (id.startsWith('free') ? 'free' : 'pro'),
  bounds: { bodyBytes: BODY_BYTES_MAX, drainsPerUser: 1 },
};

describe.each(hosts)('The guard on $name', ({ name, start }) => {
  let fixture: Fixture;
  let host: RunningHost;

  beforeAll(async () => {
    fixture = await startFixture(settings);
    host = await start(fixture.guard, PREFIX);
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
  });

  const send = async (init: RequestInit & { user?: string; path?: string } = {}) => {
    const { user = 'pro-1', path = '/chat/completions', ...rest } = init;
    return fetch(host.origin + PREFIX + path, {
      method: 'POST',
      body: rest.method === 'GET' ? null : JSON.stringify(chat()),
      ...rest,
      headers: {
        authorization: `Bearer ${await tokenOf(fixture.guard, user)}`,
        'content-type': 'application/json',
        ...rest.headers,
      },
    });
  };
  const sdk = async (user: string) =>
    new OpenAI({
      apiKey: await tokenOf(fixture.guard, user),
      baseURL: host.origin + PREFIX,
      maxRetries: 0,
    });

  it('The adapter reports the remote address, except on Next, which hides it', async () => {
    remoteAddress = 'nothing yet';
    const answer = await send({ headers: { authorization: '', 'x-forwarded-for': '203.0.113.9' } });
    expect(answer.status).toBe(401);
    const known = /^(::ffff:)?127\.0\.0\.1$/;
    if (name.startsWith('Next')) expect(remoteAddress).toBeUndefined();
    else expect(remoteAddress).toMatch(known);
  });

  it('The adapter serves the official SDK and charges exactly the invoice', async () => {
    const client = await sdk('pro-sdk');
    const before = fixture.fake.invoice.length;
    const answer = await client.chat.completions.create(chat() as never);
    expect(answer).toMatchObject({ object: 'chat.completion' });
    const line = fixture.fake.invoice[before];
    expect(fixture.settled.at(-1)).toMatchObject({
      userId: 'pro-sdk',
      inputTokens: line?.inputTokens,
      outputTokens: line?.outputTokens,
      estimated: false,
    });
  });

  it('The adapter serves paths with and without /v1', async () => {
    expect((await send({ path: '/v1/chat/completions' })).status).toBe(200);
  });

  it('The adapter streams each piece as it arrives', async () => {
    const gate = fixture.fake.gate();
    fixture.fake.scriptNext({ text: 'one two three', betweenChunks: gate });
    const client = await sdk('pro-stream');
    const stream = await client.chat.completions.create({
      ...chat({ stream: true }),
    } as unknown as OpenAI.ChatCompletionCreateParamsStreaming);
    const pieces: string[] = [];
    await gate.arrived();
    gate.pass();
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0]?.delta.content ?? '');
      gate.pass();
    }
    expect(pieces.join('')).toBe('one two three');
    expect(pieces.length).toBeGreaterThan(2);
  });

  it('A denial has OpenAI’s shape, with code and reset in the body and the headers', async () => {
    await send({ user: 'free-1' });
    await send({ user: 'free-1' });
    const denied = await send({ user: 'free-1' });
    expect(denied.status).toBe(429);
    expect(denied.headers.get('x-guard-code')).toBe('quota_exceeded');
    expect(denied.headers.get('x-should-retry')).toBe('false');
    expect(denied.headers.get('retry-after')).toBeNull();
    expect(denied.headers.get('ratelimit-policy')).toBe('"requests-24h";q=2;w=86400');
    const { error } = (await denied.json()) as { error: Record<string, unknown> };
    expect(error).toMatchObject({
      type: 'insufficient_quota',
      code: 'quota_exceeded',
      param: null,
      limits: [{ name: 'requests-24h', unit: 'requests', limit: 2, remaining: 0, hard: true }],
    });
    expect(denied.headers.get('x-guard-reset')).toBe(String(error['resets_at']));
    expect(Number(error['resets_at'])).toBeGreaterThan(Date.now() / 1000 + 86_000);
  });

  it('A call without a valid credential is rejected before OpenAI is called', async () => {
    const seen = fixture.fake.requests.length;
    const response = await send({ headers: { authorization: 'Bearer nonsense' } });
    expect(response.status).toBe(401);
    expect(await codeOf(response)).toBe('invalid_credential');
    expect(fixture.fake.requests.length).toBe(seen);
  });

  it('A path that is not spelled exactly as in the endpoint table is not served', async () => {
    const seen = fixture.fake.requests.length;
    const token = await tokenOf(fixture.guard, 'pro-paths');
    for (const path of ODD_PATHS) {
      const answer = await rawExchange(host.port, rawPost(path, token, JSON.stringify(chat())));
      expect([path, statusOf(answer)]).toEqual([path, expect.toSatisfy(isRefusal)]);
    }
    expect(fixture.fake.requests.length).toBe(seen);
  });

  it('A path may have one slash at its end', async () => {
    expect((await send({ path: '/v1/chat/completions/' })).status).toBe(200);
    expect((await send({ path: '/models/', method: 'GET' })).status).toBe(200);
  });

  it('HEAD is answered as GET is, without a body', async () => {
    const [got, head] = [
      await send({ path: '/models', method: 'GET' }),
      await send({ path: '/models', method: 'HEAD', body: null }),
    ];
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toBe(got.headers.get('content-type'));
    expect((await send({ method: 'HEAD', body: null })).status).toBe(405);
  });

  it('Another method is rejected with 405', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'GET']) {
      const init = method === 'GET' ? { method, body: null } : { method };
      const response = await send(init);
      expect([method, response.status]).toEqual([method, 405]);
    }
  });

  it('A body over the limit is rejected with 413, also without a content-length', async () => {
    const body = JSON.stringify(chat({ padding: 'x'.repeat(BODY_BYTES_MAX) }));
    const response = await send({ body });
    expect(response.status).toBe(413);
    const token = await tokenOf(fixture.guard, 'pro-413');
    const chunked =
      `POST ${PREFIX}/chat/completions HTTP/1.1\r\nhost: app.test\r\nauthorization: Bearer ${token}\r\n` +
      'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n' +
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(statusOf(await rawExchange(host.port, chunked))).toBe(413);
    expect(fixture.settled.every(({ userId }) => userId !== 'pro-413')).toBe(true);
  });

  it('The models of the plan are listed without a call that is billed', async () => {
    const billed = fixture.fake.invoice.length;
    const response = await send({ method: 'GET', path: '/models', user: 'free-2' });
    expect(await response.json()).toMatchObject({
      object: 'list',
      data: [{ id: MODEL }, { id: 'gpt-4o' }, { id: 'gpt-4o-mini' }],
    });
    const one = await send({ method: 'GET', path: '/models/gpt-4o-mini', user: 'free-2' });
    expect(await one.json()).toMatchObject({ id: 'gpt-4o-mini', object: 'model' });
    expect(fixture.fake.invoice.length).toBe(billed);
  });

  it('Every response has the status of the caller’s own limits in its headers', async () => {
    const response = await send({ user: 'free-3' });
    expect(response.headers.get('ratelimit-policy')).toBe('"requests-24h";q=2;w=86400');
    expect(response.headers.get('ratelimit')).toMatch(/^"requests-24h";r=1(;t=\d+)?$/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  describe('Two clients of one user that disconnect', () => {
    it.each(['before the headers', 'in the middle of a stream'])(
      'Two clients disconnect %s: one call is drained, the other is cut, each settles once',
      async (moment) => {
        const user = `pro-gone-${moment.length}`;
        const gate = fixture.fake.gate();
        const early = moment === 'before the headers';
        const pauses = early ? { beforeHeaders: gate } : { betweenChunks: gate };
        fixture.fake.scriptNext({ text: 'a b c d e f', ...pauses }, 2);
        const body = JSON.stringify(chat({ stream: true }));
        const mine = () => fixture.settled.filter(({ userId }) => userId === user);
        for (let call = 0; call < 2; call += 1) {
          const count = fixture.fake.requests.length;
          const post = rawPost(
            `${PREFIX}/chat/completions`,
            await tokenOf(fixture.guard, user),
            body,
          );
          const request = openRequest(host.port, post);
          await fixture.fake.received(count + 1);
          if (!early) await request.until('data: ');
          request.socket.destroy();
        }
        await expect.poll(mine).toMatchObject([{ estimated: true, outputTokens: 100 }]);
        gate.open();
        await expect.poll(() => mine().length).toBe(2);
        expect(mine()[1]).toMatchObject({ estimated: false, outputTokens: 3 });
        const { limits } = await fixture.guard.users.usage(user);
        expect(limits[0]).toMatchObject({ used: 2, held: 0 });
      },
    );
  });
});

const isRefusal = (status: number) => [400, 401, 403, 404, 405].includes(status);

const ODD_PATHS = [
  `${PREFIX}/chat/completions//`,
  `${PREFIX}//chat/completions`,
  `${PREFIX}/chat//completions`,
  `${PREFIX}/Chat/Completions`,
  `${PREFIX}/chat/completions%00`,
  `${PREFIX}/chat/completions;x=1`,
  `${PREFIX}/chat%2fcompletions`,
  `${PREFIX}/chat%252fcompletions`,
  `${PREFIX}/%63hat/completions`,
  `${PREFIX}/v2/chat/completions`,
  `${PREFIX}/v1/v1/chat/completions`,
  `${PREFIX}/v1/%2e%2e/admin`,
  `${PREFIX}/v1/.%2e/organization/keys`,
  `${PREFIX}/v1/../organization/admin_api_keys`,
  `${PREFIX}/organization/admin_api_keys`,
  `${PREFIX}/files`,
  `${PREFIX}/responses/resp_123`,
  `${PREFIX}/chat/completions?beta=true`,
  `${PREFIX}/chat/completions?api_key=x`,
  '//evil.test/v1/chat/completions',
  '/other/chat/completions',
];
