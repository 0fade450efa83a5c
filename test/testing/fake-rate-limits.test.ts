import { afterEach, describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import type { FakeRateLimitOptions } from '../../src/testing/fake-openai/rate-limits.ts';

let fake: FakeOpenAI;
let nowMs = 0;
const clock = { nowMs: () => nowMs };
afterEach(() => fake.close());

async function start(rateLimits?: FakeRateLimitOptions): Promise<void> {
  nowMs = 0;
  fake = await fakeOpenAI(rateLimits ? { rateLimits: { clock, ...rateLimits } } : {});
}

interface Asked {
  readonly model?: string;
  /** What the call takes of a token limit. */
  readonly tokens?: number;
  readonly path?: string;
  readonly more?: object;
}

async function ask({ model = 'gpt-4o', tokens = 1, path = '/chat/completions', more }: Asked = {}) {
  const messages = [{ role: '', content: '' }];
  const response = await fetch(fake.baseURL + path, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test' },
    body: JSON.stringify({ model, messages, max_completion_tokens: tokens, ...more }),
  });
  const body: { error?: { message: string; type: string; code: string } } = JSON.parse(
    await response.text(),
  );
  return { status: response.status, error: body.error, headers: response.headers };
}

const bucket = (headers: Headers, kind: string) =>
  ['limit', 'remaining', 'reset'].map((part) => headers.get(`x-ratelimit-${part}-${kind}`));

describe('The limits of the fake', () => {
  it.each([
    [10_000, 8_554, 3_082, '9.816s'],
    [30_000, 14_567, 24_754, '18.642s'],
    [30_000, 29_937, 385, '644ms'],
    [250_000, 250_000, 57_059, '13.695s'],
  ])('With %i tokens a minute, %i used and %i asked for, the text says %s', async (...row) => {
    const [limit, used, asked, wait] = row;
    await start({ tokens: limit });
    await ask({ tokens: used });
    const { status, error, headers } = await ask({ tokens: asked });
    expect(status).toBe(429);
    expect(error?.message).toBe(
      `Rate limit reached for gpt-4o in organization org-fakeOrganization on tokens per min (TPM): Limit ${limit}, Used ${used}, Requested ${asked}. Please try again in ${wait}. Visit https://platform.openai.com/account/rate-limits to learn more.`,
    );
    expect(error).toMatchObject({ type: 'tokens', code: 'rate_limit_exceeded' });
    const retryAfterMs = Number(headers.get('retry-after-ms'));
    expect(headers.get('retry-after')).toBe(`${Math.ceil(retryAfterMs / 1000)}`);
    nowMs = retryAfterMs - 1;
    expect((await ask({ tokens: asked })).status).toBe(429);
    nowMs = retryAfterMs;
    expect((await ask({ tokens: asked })).status).toBe(200);
  });

  it('The headers say what is left, rounded down, and when the bucket is full', async () => {
    await start({ requests: 5_000, tokens: 160_000 });
    const first = await ask({ tokens: 24 });
    expect(bucket(first.headers, 'requests')).toEqual(['5000', '4999', '12ms']);
    expect(bucket(first.headers, 'tokens')).toEqual(['160000', '159976', '9ms']);
    nowMs = 6;
    const second = await ask({ tokens: 24 });
    expect(bucket(second.headers, 'requests')).toEqual(['5000', '4998', '18ms']);
    nowMs = 86_400_000;
    expect(fake.rateLimits.levels()).toEqual({ 'gpt-4o': { requests: 0, tokens: 0 } });
  });

  it('The limit of a day refills in a day', async () => {
    await start({ tokens: 1_500_000, periodMs: 86_400_000 });
    expect(bucket((await ask({ tokens: 4_379 })).headers, 'tokens')).toEqual([
      '1500000',
      '1495621',
      '4m12.231s',
    ]);
    await ask({ tokens: 1_495_621 });
    expect((await ask({ tokens: 62_500 })).error?.message).toContain('tokens per day (TPD)');
    expect((await ask({ tokens: 62_500 })).error?.message).toContain('try again in 1h0m0s.');
  });

  it('Requests that are refused for their tokens count against the requests', async () => {
    await start({ requests: 3, tokens: 1_000 });
    const statuses = [];
    for (const tokens of [900, 900, 2_000]) statuses.push((await ask({ tokens })).status);
    expect(statuses).toEqual([200, 429, 429]);
    const { error } = await ask();
    expect(error?.type).toBe('requests');
    expect(error?.message).toMatch(/requests per min \(RPM\): Limit 3, Used 3, Requested 1\. /);
    expect(fake.rateLimits).toMatchObject({ accepted: 1, refused: 2, tooLarge: 1, usedMax: 1 });
    expect(fake.invoice).toHaveLength(1);
  });

  it('A request that is larger than the limit is told so, and not when to try again', async () => {
    await start({ tokens: 30_000 });
    const { status, error, headers } = await ask({ model: 'gpt-4.1-2025-04-14', tokens: 37_313 });
    expect(status).toBe(429);
    expect(error?.message).toBe(
      'Request too large for gpt-4.1-2025-04-14 (for limit gpt-4.1) in organization org-fakeOrganization on tokens per min (TPM): Limit 30000, Requested 37313. The input or output tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more.',
    );
    expect(headers.get('retry-after')).toBeNull();
  });

  it('A call takes its characters by four and the cap of each choice, on every endpoint', async () => {
    await start({ tokens: 10_000 });
    const taken: Array<string | null> = [];
    const messages = [{ role: 'user', content: 'a'.repeat(36) }];
    for (const asked of [
      { more: { messages, max_completion_tokens: 5, n: 3 } },
      { path: '/responses', more: { input: 'a'.repeat(41), max_output_tokens: 16 } },
      { path: '/completions', more: { prompt: 'a', max_tokens: 7 } },
      { path: '/embeddings', more: { input: [[1, 2, 3], [4]] } },
    ]) {
      const given = { messages: undefined, max_completion_tokens: undefined, ...asked.more };
      nowMs += 60_000;
      const { headers } = await ask({ ...asked, more: given });
      taken.push(headers.get('x-ratelimit-remaining-tokens'));
    }
    expect(taken.map((left) => 10_000 - Number(left))).toEqual([25, 27, 8, 4]);
  });
});

describe('The buckets of the fake', () => {
  it('Each model family has its own buckets, and the project has one for all', async () => {
    await start({ tokens: 100, projectTokens: 150 });
    expect((await ask({ model: 'gpt-4o', tokens: 100 })).status).toBe(200);
    expect((await ask({ model: 'gpt-4o-2024-08-06', tokens: 1 })).status).toBe(429);
    const { headers } = await ask({ model: 'gpt-5', tokens: 50 });
    expect(bucket(headers, 'project-tokens')).toEqual(['150', '0', '1m0s']);
    expect((await ask({ model: 'gpt-5-mini', tokens: 1 })).status).toBe(429);
    expect(fake.rateLimits.levels()).toMatchObject({ 'gpt-4o': { tokens: 1 }, 'gpt-5': {} });
  });

  it('All models share their buckets if the fake is told so', async () => {
    await start({ requests: 1, perFamily: false });
    expect((await ask({ model: 'gpt-4o' })).status).toBe(200);
    expect((await ask({ model: 'gpt-5' })).status).toBe(429);
  });

  it('A bucket may hold less than its period refills', async () => {
    await start({ requests: 60, burstMs: 2_000 });
    const statuses = async (count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => ask()));
      return answers.map(({ status }) => status).sort();
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    nowMs = 60_000;
    expect(await statuses(3)).toEqual([200, 200, 429]);
  });

  it('Others with the same key take their share of what is refilled', async () => {
    await start({ requests: 100 });
    fake.rateLimits.drain({ requests: 1, tokens: 0 });
    expect((await ask()).status).toBe(429);
    fake.rateLimits.foreign(0.75);
    nowMs = 2_399;
    expect((await ask()).headers.get('retry-after-ms')).toBe('1');
    nowMs = 2_400;
    expect((await ask()).status).toBe(200);
    fake.rateLimits.foreign(0);
    nowMs = 3_000;
    expect((await ask()).status).toBe(200);
  });

  it('Requests that OpenAI does not count take nothing', async () => {
    await start({ requests: 1 });
    const authorization = 'Bearer sk-test';
    await fetch(`${fake.baseURL}/models`, { headers: { authorization } });
    await fetch(`${fake.baseURL}/chat/completions`, { method: 'POST', body: '{}' });
    await ask({ path: '/responses/input_tokens', more: { input: 'x' } });
    expect(fake.rateLimits).toMatchObject({ accepted: 0, refused: 0, usedMax: 0 });
  });

  it('A fake without headers refuses without a hint', async () => {
    await start({ requests: 1, headers: false });
    const answers = [await ask(), await ask()];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    const names = answers.flatMap(({ headers }) => [...headers.keys()]);
    expect(names.filter((name) => /ratelimit|retry-after/.test(name))).toEqual([]);
  });

  it('Without limits the headers say that nothing of a very large limit is taken', async () => {
    await start();
    const { headers } = await ask();
    expect(bucket(headers, 'requests')).toEqual(['10000000', '10000000', '0s']);
    expect(() => fake.rateLimits).toThrow('Start it with the option "rateLimits".');
  });
});
