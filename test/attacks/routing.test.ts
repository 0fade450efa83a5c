import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headerOf } from '../../src/testing/fake-openai/seen-request.ts';
import { canaries, chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { openRequest, rawExchange, rawPost, statusOf } from '../http/client.ts';
import { rawChat, type Served, serveFixture } from './served.ts';

/** Names that other gateways accept to choose the destination or the key of a call. */
const NAMES = (
  'api_base base_url baseURL baseUrl host hostname endpoint url origin proxy upstream target ' +
  'azure_endpoint azure_deployment deployment_id api_version api_key apiKey api_key_id key token ' +
  'authorization organization project openai_organization model_list fallbacks provider ' +
  'custom_llm_provider litellm_params extra_headers extra_body extra_query headers default_headers ' +
  'transport region webhook_url callback_url server_url'
).split(' ');

describe('The destination and the API key of a call', () => {
  let served: Served;
  let token: string;
  let connections = 0;
  const trap = createServer(() => {
    connections += 1;
  });
  let elsewhere: string;
  beforeAll(async () => {
    served = await serveFixture({ bounds: { invalidPerMinute: 1_000_000 } });
    token = await tokenOf(served.guard);
    await new Promise<void>((done) => trap.listen(0, '127.0.0.1', done));
    elsewhere = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/v1`;
  });
  afterAll(async () => {
    trap.close();
    await served[Symbol.asyncDispose]();
  });

  const [message] = chat()['messages'] as object[];
  const positions: readonly [string, (name: string) => Promise<number>][] = [
    ['as a field', (name) => sent(chat({ [name]: elsewhere }))],
    [
      'as a field of a message',
      (name) => sent(chat({ messages: [{ ...message, [name]: elsewhere }] })),
    ],
    ['as a field of a tool', (name) => sent(chat({ tools: [tool({ [name]: elsewhere })] }))],
    [
      'as a stream option',
      (name) => sent(chat({ stream: true, stream_options: { [name]: elsewhere } })),
    ],
    ['as a header', (name) => raw('/v1/chat/completions', `${headerName(name)}: ${elsewhere}\r\n`)],
    ['in the query', (name) => raw(`/v1/chat/completions?${name}=${elsewhere}`, '')],
    ['in a form', (name) => form(name)],
  ];
  const tool = (more: object) => ({ type: 'function', function: { name: 'f' }, ...more });
  const headerName = (name: string) =>
    ['host', 'authorization'].includes(name.toLowerCase()) ? `x-${name}` : name;
  const sent = async (body: unknown) => (await post(served.guard, token, body)).status;
  const raw = async (path: string, more: string) =>
    statusOf(await rawExchange(served.port, rawPost(path, token, JSON.stringify(chat()), more)));
  const form = async (name: string) => {
    const body = new FormData();
    body.set('model', MODEL);
    body.set(name, elsewhere);
    const headers = { authorization: `Bearer ${token}` };
    const request = { method: 'POST', headers, body };
    return (await served.guard.handler(new Request('http://app.test/v1/chat/completions', request)))
      .status;
  };

  it.each(positions)('A client cannot redirect a call: name sent %s', async (position, send) => {
    for (const name of NAMES) {
      const before = served.fake.requests.length;
      const status = await send(name);
      const refused = position === 'in a form' ? 415 : 400;
      expect([name, status]).toEqual([name, position === 'as a header' ? 200 : refused]);
      for (const request of served.fake.requests.slice(before)) {
        expect(JSON.stringify(request)).not.toContain(elsewhere);
        expect(headerOf(request, 'authorization')).toBe(`Bearer ${canaries.apiKey}`);
        expect(request.url).toBe('/v1/chat/completions');
      }
    }
    expect(NAMES).toHaveLength(40);
    expect(connections).toBe(0);
  });
});

const EXACT =
  'accept-encoding authorization connection content-length content-type host user-agent';

describe('The headers and fields that a client sends', () => {
  const more = [
    'api-key: stolen',
    'x-api-key: stolen',
    'openai-organization: org-evil',
    'openai-project: proj_evil',
    'openai-beta: assistants=v2',
    'cookie: session=1',
    'x-forwarded-for: 1.2.3.4',
    'forwarded: for=1.2.3.4',
    'connection: authorization, keep-alive',
    'te: trailers',
    'accept-encoding: gzip, br',
    'user-agent: mine',
    'idempotency-key: mine',
    'x-stainless-lang: js',
    'x-request-id: mine',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '__proto__: x',
    'constructor: x',
    ...Array.from({ length: 40 }, (_, index) => `x-random-${index}: ${index}`),
  ];
  it.each([{}, { organization: 'org-ours', project: 'proj_ours' }])(
    'OpenAI receives exactly the guard’s own headers, with the options %o',
    async (account) => {
      await using served = await serveFixture(account);
      const body = JSON.stringify(chat());
      const headers = more.map((line) => `${line}\r\n`).join('');
      const token = await tokenOf(served.guard);
      const bytes = rawPost('/v1/chat/completions', token, body, headers);
      expect(statusOf(await rawExchange(served.port, bytes))).toBe(200);
      const [request] = served.fake.requests;
      const names = request?.headers.map(([name]) => name.toLowerCase()).sort();
      const own = Object.keys(account).map((name) => `openai-${name}`);
      expect(names).toEqual([...EXACT.split(' '), ...own].sort());
      expect(JSON.stringify(request?.headers)).not.toMatch(/evil|stolen|mine|random|stainless/);
      const port = new URL(served.fake.baseURL).host;
      expect(request && headerOf(request, 'host')).toBe(port);
    },
  );
});

describe('A value that could break out of a header', () => {
  const models = ['\r\nx-evil: 1', '\n', '\0', 'é', '\u2028', '\u007f', ' ', '"', '%0d%0a'].map(
    (text) => `${MODEL}${text}`,
  );
  it.each(models)('A model with unsafe characters is rejected: %j', async (model) => {
    await using fixture = await startFixture({ plans: { free: { models: ['*'] } } });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat({ model }));
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'invalid_request']);
    expect(fixture.fake.requests).toEqual([]);
  });

  it('A malformed raw header is rejected and the server keeps running', async () => {
    await using served = await serveFixture({ bounds: { invalidPerMinute: 1_000_000 } });
    const token = await tokenOf(served.guard);
    for (const line of ['x-a: b\0c\r\n', 'x-a: b\rc\r\n', 'x-a : b\r\n', 'x a: b\r\n']) {
      const bytes = rawPost('/v1/chat/completions', token, JSON.stringify(chat()), line);
      expect([line, statusOf(await rawExchange(served.port, bytes))]).toEqual([line, 400]);
    }
    const alive = openRequest(served.port, await rawChat(served.guard, 'bob', chat()));
    expect(await alive.until('chat.completion')).toMatch(/^HTTP\/1\.1 200 /);
    expect(served.fake.requests).toHaveLength(1);
    alive.socket.destroy();
  });
});

describe('The model of a request', () => {
  const spellings = [
    'GPT-5-MINI',
    'gpt-5-mini ',
    ' gpt-5-mini',
    'gpt-5-mini\t',
    'openai/gpt-5-mini',
    'ft:gpt-5-mini',
    'gpt-5-mini-2025-08-07',
    'gpt‑5‑mini',
    'gpt-5',
    'models/gpt-5-mini',
    'gpt-5-mini/../gpt-5',
    '*',
    'gpt-5*',
  ];
  it.each(spellings)('A model that is not spelled exactly is rejected: %j', async (model) => {
    await using fixture = await startFixture();
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat({ model }));
    expect(answer.status).toSatisfy((status) => status === 400 || status === 403);
    expect(fixture.fake.requests).toEqual([]);
  });

  it.each([[['gpt-5-mini', 'gpt-5']], [{ id: 'gpt-5' }], [null], [0]])(
    'A model that is not a string is rejected: %j',
    async (model) => {
      await using fixture = await startFixture();
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat({ model }));
      expect(answer.status).toBe(400);
    },
  );

  it('The model that was checked is the model that is sent', async () => {
    await using fixture = await startFixture({ plans: { free: { models: ['gpt-5*'] } } });
    const token = await tokenOf(fixture.guard);
    for (const model of ['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-4o']) {
      await (await post(fixture.guard, token, chat({ model }))).text();
    }
    const models = fixture.fake.requests.map(({ body }) => (body as { model: string }).model);
    expect(models).toEqual(['gpt-5', 'gpt-5-mini', 'gpt-5-nano']);
  });
});
