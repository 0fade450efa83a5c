import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import type { FakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { canaries, codeOf, post, startFixture, tokenOf } from '../fixture.ts';
import { freshLedger } from '../ledger/servers/postgres-ledgers.ts';
import { startPostgres } from '../ledger/servers/postgres-server.ts';
import { libraries } from '../ledger/servers/redis-clients.ts';
import { redisBinary, startRedis } from '../ledger/servers/redis-server.ts';
import { nextSettled } from './served.ts';
import { type SpiedLedger, spiedLedger } from './spied-ledger.ts';

const binary = redisBinary();
const redis = binary === undefined ? undefined : await startRedis(binary);
const postgres = await startPostgres();
const redisClient = redis && (await libraries['ioredis 6']?.(redis.port));
const pool = postgres && new Pool({ connectionString: postgres.url, max: 4 });
afterAll(async () => {
  redisClient?.end();
  await pool?.end();
  await redis?.close();
  await postgres?.close();
});

const MODEL = 'gpt-4o';
const CONTEXT_TOKENS = 128_000;
const LIMIT_TOKENS = 200_000;
const GROWTH_TOKENS = 3_000;
const plan = (inputTokens: number) => ({
  models: [MODEL, 'gpt-5-mini'],
  maxOutputTokens: 100,
  limits: [{ tokens: LIMIT_TOKENS, per: 'day' as const }],
  allow: { stateful: inputTokens === 0 ? {} : { inputTokens } },
});

/** A response that OpenAI keeps: its id. No user of the guard asked for it. */
async function storedResponse({ baseURL }: FakeOpenAI): Promise<string> {
  const response = await fetch(`${baseURL}/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${canaries.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, input: 'Once upon a time.' }),
  });
  return idOf(response);
}

const idOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { id: string }).id;

/** Continues one conversation until a turn is denied, and returns what was counted for each. */
async function converse(ledger: SpiedLedger) {
  const plans = { free: plan(0) };
  await using fixture = await startFixture({ plans, ledger, timeouts: { ledger: '5s' } });
  const { guard, fake } = fixture;
  const token = await tokenOf(guard);
  let context = 60_000;
  fake.script(/previous_response_id/, () => {
    context += GROWTH_TOKENS;
    return { inputTokens: context, tokens: 50 };
  });
  const used: number[] = [];
  let id = await storedResponse(fake);
  for (;;) {
    const body = { model: MODEL, input: 'And then?', previous_response_id: id };
    const settled = nextSettled(guard, 'ada');
    const answer = await post(guard, token, body, '/v1/responses');
    if (answer.status !== 200) return { used, code: await codeOf(answer) };
    id = await idOf(answer);
    const { inputTokens, outputTokens } = await settled;
    used.push(inputTokens + outputTokens);
  }
}

describe('A conversation that OpenAI keeps', () => {
  const stores: [string, boolean, () => Ledger | Promise<Ledger>][] = [
    ['memory', true, memoryLedger],
    [
      'Redis',
      redisClient !== undefined,
      () => {
        if (redisClient === undefined) throw new Error('no Redis');
        return redisLedger(redisClient.client, { namespace: randomUUID() });
      },
    ],
    [
      'Postgres',
      pool !== undefined,
      () => {
        if (pool === undefined) throw new Error('no Postgres');
        return freshLedger(pool);
      },
    ],
  ];

  for (const [store, available, ledgerOf] of stores) {
    it.skipIf(!available)(
      `Turns that grow by what OpenAI keeps never pass a token limit, on ${store}`,
      async () => {
        const ledger = spiedLedger(await ledgerOf());
        const { used, code } = await converse(ledger);
        expect(code).toBe('quota_exceeded');
        expect(used).toEqual([63_050, 66_050]);
        const held = ledger.reserved.map((reserve) => reserve.held.tokens);
        for (const [turn, tokens] of used.entries()) {
          expect(held[turn]).toBeGreaterThanOrEqual(CONTEXT_TOKENS);
          expect(tokens).toBeLessThanOrEqual(held[turn] ?? 0);
        }
        expect(used.reduce((sum, tokens) => sum + tokens)).toBeLessThanOrEqual(LIMIT_TOKENS);
      },
    );
  }

  it('A plan refuses state for a model with a larger context than it states', async () => {
    await using fixture = await startFixture({ plans: { free: plan(130_000) } });
    const { guard, fake } = fixture;
    const token = await tokenOf(guard);
    const turn = { input: 'And then?', previous_response_id: await storedResponse(fake) };
    const large = await post(guard, token, { ...turn, model: 'gpt-5-mini' }, '/v1/responses');
    expect([large.status, await codeOf(large)]).toEqual([400, 'parameter_not_allowed']);
    const small = await post(guard, token, { ...turn, model: MODEL }, '/v1/responses');
    expect(small.status).toBe(200);
    expect(fake.requests).toHaveLength(2);
  });

  it('The price of a model states its context', async () => {
    const prices = { own: { tokens: { input: 1, output: 1 }, context: 4_000 } };
    const ledger = spiedLedger();
    const plans = { free: { ...plan(0), models: ['own'] } };
    await using fixture = await startFixture({ plans, prices, ledger });
    const id = await storedResponse(fixture.fake);
    const body = { model: 'own', input: 'And then?', previous_response_id: id };
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body, '/v1/responses');
    expect(answer.status).toBe(200);
    expect(ledger.reserved[0]?.held.inputTokens).toBeLessThan(4_100);
    expect(ledger.reserved[0]?.held.inputTokens).toBeGreaterThanOrEqual(4_000);
  });

  it('A background call is refused for every user, because its answer could not be fetched', async () => {
    await using fixture = await startFixture({ plans: { free: plan(0) } });
    const { guard, fake } = fixture;
    const body = { model: MODEL, input: 'Later.', background: true };
    const answer = await post(guard, await tokenOf(guard), body, '/v1/responses');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'parameter_not_allowed', param: 'background' },
    });
    expect(fake.requests).toEqual([]);
  });
});
