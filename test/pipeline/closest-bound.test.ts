import { describe, expect, it } from 'vitest';
import type { GuardResponse } from '../../src/core/response.ts';
import type { LimitSpec } from '../../src/index.ts';
import type { CountingJob } from '../../src/openai/counting/token-counter.ts';
import { runPipeline } from '../../src/pipeline/pipeline.ts';
import { MODEL } from '../fixture.ts';
import { CHAT, COMPLETION, pipedParts, replyOf, requestOf } from './piped.ts';

/** 6,000 bytes and more. */
const LONG = { ...CHAT, messages: [{ role: 'user', content: 'word '.repeat(1_200) }] };

interface Asked {
  readonly limits: readonly LimitSpec[];
  readonly body?: object;
  readonly maxOutputTokens?: number;
  /** What is counted; `undefined` if it cannot be. */
  readonly tokens?: number | undefined;
}

/** Runs one call, with a counter that returns `tokens`. */
async function ask({ limits, body = LONG, maxOutputTokens = 1_000, tokens = 1_210 }: Asked) {
  const jobs: CountingJob[] = [];
  const tokenCounter = {
    async count(job: CountingJob) {
      jobs.push(job);
      return Number.isNaN(tokens) ? undefined : tokens;
    },
    close: async () => {},
  };
  const plans = { free: { models: [MODEL, 'llama-4'], maxOutputTokens, limits } };
  const sent: { max_completion_tokens?: number }[] = [];
  const piped = pipedParts({ plans }, async (text) => {
    sent.push(JSON.parse(text));
    return replyOf(COMPLETION);
  });
  const parts = { ...piped.parts, tokenCounter };
  const readBody = () => ({ kind: 'parsed', value: body }) as const;
  const response = await runPipeline({ request: requestOf({ readBody }) }, parts);
  const reserves = piped.happened.filter((one) => one === 'reserve').length;
  return { ...outcomeOf(response), jobs, reserves, cap: sent[0]?.max_completion_tokens };
}

interface Shown {
  readonly code?: string;
  readonly message?: string;
  readonly limits?: readonly Record<string, unknown>[];
}

function outcomeOf({ status, headers, body }: GuardResponse) {
  const { error = {} } = JSON.parse(String(body)) as { error?: Shown };
  return { status, headers, ...error };
}

describe('A call whose bytes fit', () => {
  it('is not counted, and reserved once', async () => {
    const { status, jobs, reserves } = await ask({ limits: [{ tokens: 7_200, per: 'day' }] });
    expect([status, jobs.length, reserves]).toEqual([200, 0, 1]);
  });
});

describe('A call whose bytes do not fit', () => {
  it('is counted, reserved once more and served with its whole output cap', async () => {
    const asked = await ask({ limits: [{ tokens: 5_000, per: 'day' }] });
    expect(asked).toMatchObject({ status: 200, reserves: 2, cap: 1_000 });
    expect(asked.jobs).toHaveLength(1);
    expect(asked.jobs[0]?.encodings).toEqual(['o200k_base']);
    expect(JSON.parse(asked.jobs[0]?.json ?? '')).toMatchObject(LONG);
  });

  it.each<LimitSpec>([
    { tokens: 5_000, per: 'day' },
    { inputTokens: 1_300, per: '24h' },
    { usd: 0.003, per: 'month' },
    { tokens: 100_000, per: 'minute', burst: 5_000 },
  ])('is served under %j', async (limit) => {
    expect(await ask({ limits: [limit] })).toMatchObject({ status: 200, reserves: 2 });
  });

  it('is served with a lower output cap and without a count if at least half of the cap is left', async () => {
    const asked = await ask({ limits: [{ tokens: 6_900, per: 'day' }] });
    expect(asked).toMatchObject({ status: 200, reserves: 2 });
    expect(asked.jobs).toHaveLength(0);
    expect(asked.cap).toBeGreaterThanOrEqual(500);
    expect(asked.cap).toBeLessThan(1_000);
  });

  it('is counted if less than half of the cap would be left', async () => {
    const asked = await ask({ limits: [{ tokens: 6_400, per: 'day' }] });
    expect(asked).toMatchObject({ status: 200, reserves: 2, cap: 1_000 });
    expect(asked.jobs).toHaveLength(1);
  });

  it('is counted and has its output cap lowered if both are needed', async () => {
    const asked = await ask({ limits: [{ tokens: 2_000, per: 'day' }] });
    expect(asked).toMatchObject({ status: 200, reserves: 2, cap: 2_000 - 1_210 - 64 });
  });

  it.each<[string, Asked]>([
    ['the model is not known', { limits: [], body: { ...LONG, model: 'llama-4' } }],
    ['the requests are used up', { limits: [{ requests: 0, per: 'day' }] }],
    ['all places are taken', { limits: [{ concurrent: 0 }] }],
    ['no output would fit', { limits: [{ outputTokens: 100, per: 'day' }] }],
    ['even an empty prompt would not fit', { limits: [{ tokens: 300, per: 'day' }] }],
  ])('is not counted if %s', async (_, asked) => {
    const limits = [{ tokens: 5_000, per: 'day', name: 'long' } as const, ...asked.limits];
    const { status, jobs, reserves } = await ask({ ...asked, limits });
    expect([status, jobs.length, reserves]).toEqual([expect.any(Number), 0, 1]);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('is bounded by its bytes if it cannot be counted', async () => {
    const asked = await ask({ limits: [{ tokens: 5_000, per: 'day' }], tokens: Number.NaN });
    expect(asked).toMatchObject({ status: 400, code: 'call_exceeds_limit', reserves: 1 });
    expect(asked.limits?.[0]?.['needed']).toBeGreaterThan(7_000);
  });
});

describe('A call that can never fit', () => {
  it('is denied with what it may need, what the limit is, what is left and what to do', async () => {
    const asked = await ask({ limits: [{ tokens: 1_500, per: 'day' }] });
    expect(asked).toMatchObject({
      status: 400,
      code: 'call_exceeds_limit',
      message:
        'This call may need up to 2274 tokens. Limit "tokens-day" allows 1500, and 1500 are left: the call can never fit. Send less, or ask for less output.',
      limits: [
        { name: 'tokens-day', unit: 'tokens', limit: 1_500, needed: 2_274, remaining: 1_500 },
      ],
    });
    expect(asked.headers['x-should-retry']).toBe('false');
    expect(asked.headers).not.toHaveProperty('x-guard-reset');
    expect(asked.headers).not.toHaveProperty('retry-after');
  });

  it.each<[LimitSpec, string]>([
    [{ tokens: 1_000, per: '24h' }, 'tokens-24h'],
    [{ inputTokens: 1_200, per: 'month' }, 'inputTokens-month'],
    [{ outputTokens: 200, per: 'day' }, 'outputTokens-day'],
    [{ usd: 0.0003, per: 'day' }, 'usd-day'],
    [{ tokens: 1_000_000, per: 'minute', burst: 1_000 }, 'tokens-minute'],
  ])('is denied with call_exceeds_limit by %j', async (limit, name) => {
    const asked = await ask({ limits: [limit] });
    expect(asked).toMatchObject({ status: 400, code: 'call_exceeds_limit', limits: [{ name }] });
    const [shown] = asked.limits ?? [];
    expect(Number(shown?.['needed'])).toBeGreaterThan(Number(shown?.['limit']));
  });

  it('names only the limits that the count still breaks', async () => {
    const asked = await ask({
      limits: [
        { tokens: 6_500, per: 'day' },
        { inputTokens: 1_200, per: 'day' },
      ],
    });
    expect(asked).toMatchObject({ code: 'call_exceeds_limit' });
    expect(asked.limits?.map(({ name }) => name)).toEqual(['inputTokens-day']);
  });

  it('is reported before a limit that only has to be waited for', async () => {
    const asked = await ask({
      limits: [{ concurrent: 0 }, { usd: 0.0003, per: 'day' }],
    });
    expect(asked.code).toBe('call_exceeds_limit');
    expect(asked.limits).toHaveLength(2);
  });

  it.each<LimitSpec>([
    { requests: 0, per: 'day' },
    { tokens: 0, per: 'day' },
    { usd: 0, per: 'day' },
  ])('is not what a limit of 0 says: %j', async (limit) => {
    expect(await ask({ limits: [limit] })).toMatchObject({ status: 429 });
  });
});
