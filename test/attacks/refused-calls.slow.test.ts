import { afterAll, describe, expect, it } from 'vitest';
import type { Guard, GuardOptions } from '../../src/index.ts';
import {
  badRequest,
  errorReply,
  openAIErrors,
} from '../../src/testing/fake-openai/error-replies.ts';
import type { Reply } from '../../src/testing/fake-openai/script.ts';
import { everyStore } from '../faults/killed/every-store.ts';
import { PATIENCE } from '../faults/killed/place.ts';
import { startStores } from '../faults/killed/stores.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { bodies, posted } from '../openai/building.ts';
import { nextEnding } from './served.ts';

const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());

const QUOTAS = [
  { requests: 3, per: '24h' },
  { tokens: 1_000_000, per: 'day' },
  { usd: 10, per: 'month' },
] as const;
const CONCURRENT = { concurrent: 2 } as const;
const requestsADay: GuardOptions['limits'] = [{ requests: 10, per: 'day' }];
const plans = (...limits: NonNullable<GuardOptions['limits']>): GuardOptions['plans'] => ({
  free: { models: ['*'], maxOutputTokens: 100, limits: [...limits] },
});

/** One more call of this user, which OpenAI answers like that. Returns the code that the user gets. */
async function callCode({ guard, fake }: Fixture, user: string, reply: Reply): Promise<string> {
  fake.script('Say hello.', { reply });
  return codeOf(await post(guard, await tokenOf(guard, user), chat()));
}

async function counts(guard: Guard, user: string): Promise<Record<string, number>> {
  const { limits } = await guard.users.usage(user);
  return Object.fromEntries(limits.map(({ name, used, held }) => [name, used + held]));
}

describe.each(everyStore(stores))('A call on $store that OpenAI refuses', ({ open }) => {
  it('A request that OpenAI refuses for its content counts as a request in every limit and rate', async () => {
    const { ledger, close } = await open();
    {
      const limits = [...QUOTAS, { requests: 5, per: 'minute', burst: 5 } as const, CONCURRENT];
      const options = { plans: plans(...limits), limits: requestsADay, ledger };
      await using fixture = await startFixture({ ...options, timeouts: { ledger: PATIENCE } });
      const refuse = (user: string) => callCode(fixture, user, badRequest('Bad temperature.'));
      for (const user of ['ada', 'bob', 'cy']) {
        const before = fixture.settled.length;
        for (let call = 1; call <= 3; call += 1) {
          await refuse(user);
          await expect.poll(() => fixture.settled.length).toBe(before + call);
        }
        expect(await refuse(user)).toBe('quota_exceeded');
        await expect
          .poll(() => counts(fixture.guard, user))
          .toMatchObject({ 'requests-24h': 3, 'tokens-day': 0, 'usd-month': 0, concurrent: 0 });
      }
      await refuse('dan');
      expect(await refuse('dan')).toBe('service_budget_exceeded');
      expect(fixture.fake.requests).toHaveLength(10);
      expect(fixture.released).toEqual([]);
    }
    await close();
  });

  it.each([
    ['500', openAIErrors.serverError()],
    ['trouble of the account', openAIErrors.insufficientQuota()],
    ['a refused key', openAIErrors.invalidApiKey()],
  ])('A call that OpenAI answers with %s frees quotas and keeps rates', async (_, reply) => {
    const { ledger, close } = await open();
    {
      const limits = [
        ...QUOTAS,
        { requests: 4, per: 'day', burst: 4 } as const,
        { tokens: 9_000, per: 'day', burst: 9_000, name: 'token-rate' } as const,
        CONCURRENT,
      ];
      await using fixture = await startFixture({
        plans: plans(...limits),
        ledger,
        timeouts: { ledger: PATIENCE },
      });
      for (let call = 1; call <= 4; call += 1) {
        await callCode(fixture, 'ada', reply);
        await expect.poll(() => fixture.released.length).toBe(call);
      }
      expect(await callCode(fixture, 'ada', reply)).toBe('rate_limit_exceeded');
      expect(fixture.fake.requests).toHaveLength(4);
      expect(fixture.settled).toEqual([]);
      const used = await counts(fixture.guard, 'ada');
      expect(Object.values(used).filter((amount) => amount > 0)).toEqual([4]);
    }
    await close();
  });

  it('A call that waits in vain after a 429 frees quotas and keeps rates, and the next one is not sent', async () => {
    const { ledger, close } = await open();
    {
      const limits = [...QUOTAS, { requests: 4, per: 'day', burst: 4 } as const, CONCURRENT];
      await using fixture = await startFixture({
        plans: plans(...limits),
        ledger,
        timeouts: { ledger: PATIENCE, queue: '10ms' },
      });
      for (let call = 1; call <= 2; call += 1) {
        expect(await callCode(fixture, 'ada', openAIErrors.rateLimited(7))).toBe('upstream_busy');
        await expect.poll(() => fixture.released.length).toBe(call);
      }
      expect(fixture.fake.requests).toHaveLength(1);
      expect(fixture.settled).toEqual([]);
      const used = await counts(fixture.guard, 'ada');
      expect(Object.values(used).filter((amount) => amount > 0)).toEqual([1]);
    }
    await close();
  });
});

describe('What a refusal by OpenAI counts', () => {
  const all = plans({ requests: 5, per: 'day' }, { tokens: 1_000_000, per: 'day' });

  it.each(posted)(
    'A refused request to %s is settled as one request, not as an estimate',
    async (name) => {
      await using fixture = await startFixture({ plans: all });
      const { guard, fake } = fixture;
      fake.scriptNext({ reply: errorReply(422, 'invalid_request_error', null, 'No.') });
      const ending = nextEnding(guard, 'ada');
      const path = `/v1/${name.replace('.', '/')}`;
      const answer = await post(guard, await tokenOf(guard), bodies[name], path);
      expect(answer.status).toBe(422);
      const charge = { inputTokens: 0, outputTokens: 0, costNanoUsd: 0, estimated: false };
      expect(await ending).toMatchObject({ settled: { ...charge, usage: undefined } });
      expect(await counts(guard, 'ada')).toEqual({ 'requests-day': 1, 'tokens-day': 0 });
    },
  );

  it('A single-use token is used up by a request that OpenAI refuses for its content', async () => {
    await using fixture = await startFixture({ plans: all });
    const { guard, fake } = fixture;
    const { value } = await guard.tokens.issue({ user: 'ada', singleUse: true });
    fake.scriptNext({ reply: badRequest('No.') });
    expect((await post(guard, value, chat())).status).toBe(400);
    await expect.poll(() => fixture.settled.length).toBe(1);
    expect((await post(guard, value, chat())).status).toBe(401);
    expect(fake.requests).toHaveLength(1);
  });

  it('A refusal of the end user counts as a request, and one of the account does not', async () => {
    await using fixture = await startFixture({ plans: all });
    const { guard } = fixture;
    expect(await callCode(fixture, 'ada', openAIErrors.forbidden())).toBe('upstream_account');
    await expect.poll(() => counts(guard, 'ada')).toMatchObject({ 'requests-day': 0 });
    expect(await callCode(fixture, 'ada', openAIErrors.identifierBlocked())).toBe('user_blocked');
    await expect.poll(() => counts(guard, 'ada')).toMatchObject({ 'requests-day': 1 });
  });

  it('A call that cannot reach OpenAI frees quotas and keeps rates', async () => {
    const limits = [
      { requests: 9, per: 'day' } as const,
      { requests: 1, per: 'hour', burst: 1 } as const,
    ];
    await using fixture = await startFixture({
      plans: { free: { models: [MODEL], maxOutputTokens: 100, limits } },
      baseURL: 'http://127.0.0.1:9/v1',
    });
    const { guard } = fixture;
    expect(await callCode(fixture, 'ada', {})).toBe('upstream_failed');
    await expect.poll(() => fixture.released.length).toBe(1);
    expect(await callCode(fixture, 'ada', {})).toBe('rate_limit_exceeded');
    expect(Object.values(await counts(guard, 'ada'))).toEqual([0, 1]);
  });
});
