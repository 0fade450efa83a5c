import { describe, expect, it } from 'vitest';
import { noHeaders, settled, world } from './world.ts';

const DAY_MS = 86_400_000;
const LIMITS = { requests: 500, tokens: 200_000 };

describe('A capacity learns', () => {
  it('the limits from the first answer, and takes claims from then on', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    expect(capacity.claimsFor(1, 100)).toEqual([]);
    expect(capacity.status().mode).toBe('unknown');
    expect(await w.call(capacity)).toBe('answered');
    expect(capacity.status()).toMatchObject({
      mode: 'learned',
      limits: [
        { unit: 'requests', limit: 500, periodMs: 60_000 },
        { unit: 'tokens', limit: 200_000, periodMs: 60_000 },
      ],
    });
    expect(capacity.claimsFor(1, 100)).toMatchObject([
      { account: 'upstream:main:gpt-5-mini', scope: 'shared', rule: { key: 'rpm', amount: 500 } },
      { rule: { key: 'tpm', unit: 'upstreamTokens', amount: 200_000, periodMs: 60_000 } },
    ]);
  });

  it('a day’s limit as a day’s', async () => {
    await using w = world({ requests: 10_000, tokens: 1_500_000, periodMs: DAY_MS });
    const capacity = w.start();
    await w.call(capacity);
    expect(capacity.claimsFor(1, 100).map(({ rule }) => rule)).toMatchObject([
      { key: 'rpd', amount: 10_000, periodMs: DAY_MS },
      { key: 'tpd', amount: 1_500_000, periodMs: DAY_MS },
    ]);
  });

  it('what the upstream has counted before its first answer', async () => {
    await using w = world(LIMITS);
    w.upstream.drain({ requests: 0.6, tokens: 0.9 });
    const capacity = w.start();
    await w.call(capacity);
    expect(await w.used(capacity)).toEqual({ rpm: 301, tpm: 180_100 });
  });

  it('for other processes too, which start with what is known', async () => {
    await using w = world(LIMITS);
    const [first, second] = [w.start(), w.start()];
    await w.call(first);
    await settled();
    expect(second.status().limits).toMatchObject([{ limit: 500 }, { limit: 200_000 }]);
    const late = w.start();
    await settled();
    expect(late.status().mode).toBe('learned');
  });

  it('a new limit of the same bucket', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    await w.call(capacity);
    const sent = await w.send(capacity, 100);
    const seen: Record<string, string> = {
      'x-ratelimit-limit-requests': '1000',
      'x-ratelimit-remaining-requests': '998',
      'x-ratelimit-reset-requests': '120ms',
    };
    sent?.departure.answered((name) => seen[name]);
    await settled();
    expect(capacity.status().limits).toMatchObject([{ limit: 1_000 }, { limit: 200_000 }]);
  });

  it('that a limit is gone when no answer has shown it for an hour', async () => {
    await using w = world(LIMITS);
    const capacity = w.start();
    await w.call(capacity);
    const answer = async () => {
      (await w.send(capacity, 100))?.departure.answered(noHeaders);
      await settled();
    };
    await w.clock.pass(3_600_000);
    await answer();
    expect(capacity.status().mode).toBe('learned');
    await w.clock.pass(1_000);
    await answer();
    expect(capacity.status().mode).toBe('unknown');
  });
});

describe('Limits that the operator gives', () => {
  it('hold until the upstream shows its own', async () => {
    await using w = world(LIMITS);
    const capacity = w.start({ rpm: 600 });
    expect(capacity.status()).toMatchObject({ mode: 'given', limits: [{ limit: 600 }] });
    await w.call(capacity);
    expect(capacity.status()).toMatchObject({ mode: 'learned', limits: [{ limit: 500 }, {}] });
  });

  it('are a ceiling afterwards', async () => {
    await using w = world(LIMITS);
    const capacity = w.start({ rpm: 100, tpm: 1_000_000 });
    await w.call(capacity);
    expect(capacity.status().limits).toMatchObject([{ limit: 100 }, { limit: 200_000 }]);
  });

  it('hold beside a day’s limit', async () => {
    await using w = world({ requests: 14_400, tokens: 10_000_000, periodMs: DAY_MS });
    const capacity = w.start({ rpm: 30 });
    await w.call(capacity);
    expect(capacity.claimsFor(1, 100).map(({ rule }) => rule.key)).toEqual(['rpm', 'rpd', 'tpd']);
  });
});

describe('A project’s tokens', () => {
  it('are a claim of their own when they can bind first', async () => {
    await using w = world({ ...LIMITS, projectTokens: 50_000 });
    const capacity = w.start();
    await w.call(capacity);
    expect(capacity.claimsFor(1, 100).map(({ rule }) => [rule.key, rule.amount])).toEqual([
      ['rpm', 500],
      ['tpm', 200_000],
      ['project-tpm', 50_000],
    ]);
    expect(capacity.tooLarge(50_001)).toEqual({ limit: 50_000, unit: 'upstreamTokens' });
  });

  it('are left out when the account’s limit is no larger', async () => {
    await using w = world({ ...LIMITS, projectTokens: 200_000 });
    const capacity = w.start();
    await w.call(capacity);
    expect(capacity.claimsFor(1, 100)).toHaveLength(2);
  });
});

describe('A call that is larger than the limit', () => {
  it('never fits, and is named with the limit', async () => {
    await using w = world({ requests: 500, tokens: 30_000 });
    const capacity = w.start();
    expect(capacity.tooLarge(40_000)).toBeUndefined();
    await w.call(capacity);
    expect(capacity.tooLarge(30_000)).toBeUndefined();
    expect(capacity.tooLarge(30_001)).toEqual({ limit: 30_000, unit: 'upstreamTokens' });
  });
});

describe('A capacity that is switched off', () => {
  it('takes no claims, learns nothing and lets any number of calls leave', async () => {
    await using w = world(LIMITS);
    const capacity = w.start(false);
    for (let count = 0; count < 100; count += 1) capacity.leave(undefined);
    expect(capacity.opensAtMs).toBe(0);
    await w.call(capacity);
    expect(capacity.claimsFor(1, 100)).toEqual([]);
    expect(capacity.status()).toMatchObject({ mode: 'off', limits: [], onTheWay: 100 });
  });

  it('pauses after a refusal', async () => {
    await using w = world({ ...LIMITS, requests: 1 });
    const capacity = w.start(false);
    await w.call(capacity);
    expect(await w.call(capacity)).toBe('refused');
    expect(capacity.opensAtMs).toBe(w.clock.nowMs() + 60_000);
  });
});
