import { describe, expect, it } from 'vitest';
import { smallLimits } from '../../src/guard/small-limits.ts';
import type { LimitSpec } from '../../src/index.ts';
import { ownPrices, PriceTable } from '../../src/openai/prices/prices.ts';
import { parseOptions } from '../../src/options/guard-options.ts';
import { canaries } from '../fixture.ts';

const DAY = new Date('2026-11-28');
const prices = new PriceTable(
  ownPrices({
    mini: { tokens: { input: 1, output: 10 } },
    embedding: { tokens: { input: 1, output: 0 } },
  }),
  DAY,
);

/** The warnings of a plan with one limit, whose calls write up to 1,000 tokens. */
function warningsOf(limit: LimitSpec, models: readonly string[] = ['mini']): string[] {
  const plans = { free: { models, maxOutputTokens: 1_000, limits: [limit] } };
  const settings = parseOptions({ apiKey: 'sk-none', secret: canaries.secret, plans });
  return [...settings.plans.values()].flatMap((plan) =>
    [...smallLimits(plan, prices)].map(([, message]) => message),
  );
}

describe('A plan with a limit below five holds of a call of 8 kB', () => {
  it('is warned of, with the figures and what to change', () => {
    expect(warningsOf({ tokens: 44_999, per: 'day' })).toEqual([
      'Plan "free": its limit "tokens-day" allows 44999 tokens, and one call of 8000 bytes to mini holds up to 9000 tokens until its usage is known. Raise the limit to 45000 tokens or more, or lower "maxOutputTokens" (1000).',
    ]);
    expect(warningsOf({ tokens: 45_000, per: 'day' })).toEqual([]);
  });

  it.each<[LimitSpec, LimitSpec]>([
    [
      { inputTokens: 39_999, per: '24h' },
      { inputTokens: 40_000, per: '24h' },
    ],
    [
      { outputTokens: 4_999, per: 'day' },
      { outputTokens: 5_000, per: 'day' },
    ],
    [
      { usd: 0.0899, per: 'month' },
      { usd: 0.09, per: 'month' },
    ],
    [
      { tokens: 1_000_000, per: 'minute', burst: 44_999 },
      { tokens: 1_000_000, per: 'minute', burst: 45_000 },
    ],
  ])('is warned of for %j, and not for %j', (small, large) => {
    expect(warningsOf(small)).toHaveLength(1);
    expect(warningsOf(large)).toEqual([]);
  });

  it('is warned of by its dearest model', () => {
    const limit = { usd: 0.0000001, per: 'day' } as const;
    expect(warningsOf(limit, ['embedding', 'mini'])[0]).toContain('to mini holds up to 0.018 usd');
    expect(warningsOf(limit, ['embedding'])[0]).toContain('to embedding holds up to 0.008 usd');
  });

  it('is warned of by the models and endpoints that it counts', () => {
    const both = ['embedding', 'mini'];
    const limit = { tokens: 44_999, per: 'ever' } as const;
    expect(warningsOf({ ...limit, models: ['mini'] }, both)[0]).toContain('to mini holds');
    expect(warningsOf({ ...limit, models: ['embedding'] }, both)).toEqual([]);
    expect(warningsOf({ ...limit, endpoints: ['embeddings'] }, both)).toEqual([]);
    expect(warningsOf({ ...limit, endpoints: ['responses'] }, both)).toHaveLength(1);
  });

  it.each<[string, LimitSpec, readonly string[]]>([
    ['a shadow limit, which refuses nothing', { tokens: 1, per: 'day', enforce: false }, ['mini']],
    ['a model without a price', { tokens: 1, per: 'day' }, ['unknown-model']],
    ['a pattern of models', { tokens: 1, per: 'day' }, ['mini*']],
    ['a shadow limit', { tokens: 1, per: 'day', enforce: false }, ['mini']],
    ['a limit that is switched off', { tokens: 0, per: 'day' }, ['mini']],
    ['a limit of requests', { requests: 1, per: 'day' }, ['mini']],
    ['a limit of calls in flight', { concurrent: 1 }, ['mini']],
  ])('is not warned of for %s', (_, limit, models) => {
    expect(warningsOf(limit, models)).toEqual([]);
  });
});
