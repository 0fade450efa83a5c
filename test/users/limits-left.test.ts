import { afterAll, describe, expect, it } from 'vitest';
import type { Guard, LimitSpec, LimitUsage } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { freshLedger, libraries } from '../ledger/servers/redis-clients.ts';
import { redisBinary, startRedis } from '../ledger/servers/redis-server.ts';
import { bodies } from '../openai/building.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

const NOW = Math.floor(Date.now() / 1000) * 1000;
const clock = { nowMs: () => NOW };

type Open = () => Promise<{ ledger: ReturnType<typeof freshLedger>; end(): void }>;
const stores: [string, Open][] = [
  ['memory', async () => ({ ledger: memoryLedger({ clock }), end: () => {} })],
];
if (server !== undefined) stores.push(['Redis', () => onRedis(server.port)]);

async function onRedis(port: number) {
  const { client, end } = await (libraries['ioredis 6'] as (typeof libraries)[string])(port);
  return { ledger: freshLedger(client, { clock, deadlineMs: 20_000 }), end };
}

const limits: readonly LimitSpec[] = [
  { requests: 60, per: 'minute', burst: 10 },
  { requests: 200, per: '24h' },
  { tokens: 2_000_000, per: 'day' },
  { tokens: 900_000, per: 'hour', burst: 500_000, name: 'tokens at once' },
  { inputTokens: 1_000_000, per: '7d' },
  { outputTokens: 500_000, per: 'week' },
  { usd: 1.5, per: 'month' },
  { concurrent: 3 },
  { requests: 20, per: 'ever' },
  { requests: 1, per: 'day', then: 'credits' },
  { tokens: 60, per: '12h', then: 'credits' },
  { usd: 0.000001, per: 'year', then: 'credits' },
];
/** Each is used after the first call, or in it. */
const credits = { requests: 50, tokens: 1_000_000, usd: 1, to: 'credits' } as const;
const CREDITS = 3;
const models = [...new Set(Object.values(bodies).map(({ model }) => model))];
const plans = { free: { models, maxOutputTokens: 100, limits } };

type Items = Record<string, Record<string, number>>;

/** The items of a `RateLimit` header, by the name of the limit. */
function itemsOf(header: string | null): Items {
  const items = (header ?? '').split(', ').filter((item) => item !== '');
  return Object.fromEntries(
    items.map((item) => {
      const [name = '', ...parameters] = item.split(';');
      const pairs = parameters.map((parameter) => parameter.split('='));
      return [name.slice(1, -1), Object.fromEntries(pairs.map(([key, v]) => [key, Number(v)]))];
    }),
  );
}

/** What the header says, from `users.usage`. */
async function usageAsItems(guard: Guard): Promise<Items> {
  const { limits: used, credits: left } = await guard.users.usage('ada');
  return Object.fromEntries([
    ...used.map((limit) => [limit.name, itemOf(limit)]),
    ...left.map((credit) => [
      `credits-${credit.unit}`,
      itemOf({ ...credit, resetsAtMs: undefined }),
    ]),
  ]);
}

function itemOf({
  unit,
  remaining,
  resetsAtMs,
}: Pick<LimitUsage, 'unit' | 'remaining' | 'resetsAtMs'>): Record<string, number> {
  const r = Math.floor(unit === 'usd' ? Math.round(remaining * 1e9) / 1e3 : remaining);
  return { r, ...(resetsAtMs !== undefined && { t: Math.ceil((resetsAtMs - NOW) / 1000) }) };
}

async function get(guard: Guard, path: string): Promise<Response> {
  const headers = { authorization: `Bearer ${await tokenOf(guard)}` };
  return guard.handler(new Request(`http://app.test${path}`, { headers }));
}

const call = (body: object, path?: string) => async (guard: Guard) =>
  post(guard, await tokenOf(guard), body, path);

const chatBody = bodies['chat.completions'];
const refusal = (status: number, code: string): Script => ({
  reply: { status, body: { error: { message: 'no', type: 'x', param: null, code } } },
});

interface Kind {
  readonly script?: Script;
  readonly ask: (guard: Guard) => Promise<Response>;
  readonly status: number;
}
const answers: [string, Kind][] = [
  ['chat', { ask: call(chatBody), status: 200 }],
  ['responses', { ask: call(bodies.responses, '/v1/responses'), status: 200 }],
  ['completions', { ask: call(bodies.completions, '/v1/completions'), status: 200 }],
  ['embeddings', { ask: call(bodies.embeddings, '/v1/embeddings'), status: 200 }],
  ['moderations', { ask: call(bodies.moderations, '/v1/moderations'), status: 200 }],
  ['the list of models', { ask: (guard) => get(guard, '/v1/models'), status: 200 }],
  ['one model', { ask: (guard) => get(guard, `/v1/models/${MODEL}`), status: 200 }],
  ['a model that is not there', { ask: (guard) => get(guard, '/v1/models/x'), status: 403 }],
  ['a wrong field', { ask: call({ ...chatBody, wrong: 1 }), status: 400 }],
  ['no JSON', { ask: async (guard) => post(guard, await tokenOf(guard), '{'), status: 400 }],
  ['another model', { ask: call({ ...chatBody, model: 'gpt-9' }), status: 403 }],
  ['refused content', { script: refusal(400, 'bad'), ask: call(chatBody), status: 400 }],
  ['an error of OpenAI', { script: refusal(500, 'down'), ask: call(chatBody), status: 502 }],
  ['our account', { script: refusal(401, 'invalid_api_key'), ask: call(chatBody), status: 503 }],
];

async function startOn(open: Open): Promise<Fixture> {
  const { ledger, end } = await open();
  const fixture = await startFixture({ plans, clock, ledger });
  await fixture.guard.users.grant('ada', credits);
  const dispose = async () => {
    await fixture[Symbol.asyncDispose]();
    end();
  };
  return { ...fixture, [Symbol.asyncDispose]: dispose };
}

describe.each(stores)('RateLimit on %s', (_, open) => {
  it.each(answers)('The header is what users.usage returns after it: %s', async (_kind, kind) => {
    await using fixture = await startOn(open);
    const { guard, fake } = fixture;
    if (kind.script !== undefined) fake.scriptNext(kind.script, 3);
    for (let calls = 0; calls < 2; calls += 1) {
      const answer = await kind.ask(guard);
      await answer.text();
      expect(answer.status).toBe(kind.status);
      const shown = itemsOf(answer.headers.get('ratelimit'));
      expect(Object.keys(shown)).toHaveLength(limits.length + CREDITS);
      await expect.poll(() => usageAsItems(guard)).toEqual(shown);
    }
  });

  it('A stream shows what is left without its hold, and beside it how much it holds', async () => {
    await using fixture = await startOn(open);
    const { guard } = fixture;
    const before = await usageAsItems(guard);
    const answer = await call({ ...chatBody, stream: true })(guard);
    const shown = itemsOf(answer.headers.get('ratelimit'));
    const held = (name: string) => shown[name]?.['guard-held'] ?? 0;
    for (const name of ['tokens-day', 'inputTokens-7d', 'outputTokens-week', 'usd-month']) {
      expect(shown[name]?.['r']).toBe(before[name]?.['r']);
      expect(held(name)).toBeGreaterThan(0);
    }
    expect(held('outputTokens-week')).toBe(100);
    expect(held('tokens-day')).toBe(held('inputTokens-7d') + 100);
    expect(shown['requests-24h']).toMatchObject({ r: 199 });
    expect(shown['requests-minute']).toMatchObject({ r: 9 });
    expect(shown['concurrent']).toEqual({ r: 2 });
    await answer.text();
    await expect.poll(async () => (await usageAsItems(guard))['concurrent']).toEqual({ r: 3 });
    const after = await usageAsItems(guard);
    for (const name of Object.keys(after)) {
      const least = (shown[name]?.['r'] ?? 0) - held(name);
      expect(after[name]?.['r']).toBeGreaterThanOrEqual(least);
    }
  });
});

describe('RateLimit without the store', () => {
  it('The list of models comes without the header if its limits cannot be read', async () => {
    const ledger = memoryLedger({ clock });
    ledger.read = () => Promise.reject(new Error('down'));
    await using fixture = await startFixture({ plans, clock, ledger });
    const answer = await get(fixture.guard, '/v1/models');
    expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
  });

  it('Simultaneous requests with one credential read their limits once', async () => {
    const ledger = memoryLedger({ clock });
    const reads: (() => void)[] = [];
    const read = ledger.read.bind(ledger);
    await using fixture = await startFixture({ plans, clock, ledger });
    const headers = { authorization: `Bearer ${await tokenOf(fixture.guard)}` };
    const ask = () => fixture.guard.handler(new Request('http://app.test/v1/models', { headers }));
    await ask();
    ledger.read = async (claims) => {
      await new Promise<void>((resolve) => reads.push(resolve));
      return read(claims);
    };
    const asked = [ask(), ask(), ask()];
    await expect.poll(() => reads.length).toBe(1);
    for (const resolve of reads) resolve();
    for (const answer of await Promise.all(asked)) {
      expect(itemsOf(answer.headers.get('ratelimit'))['requests-24h']).toEqual({ r: 200 });
    }
    expect(reads).toHaveLength(1);
  });
});
