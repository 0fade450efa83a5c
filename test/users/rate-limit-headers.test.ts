import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimitSpec } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

/** A structured field list of strings with parameters (RFC 9651), as the draft requires it. */
const STRING = '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\])*"';
const item = (parameters: string) => `${STRING}(?:;(?:${parameters}))*`;
const list = (parameters: string) =>
  new RegExp(`^${item(parameters)}(?:[ \\t]*,[ \\t]*${item(parameters)})*$`);
const POLICY = list(
  `q=\\d{1,15}|w=[1-9]\\d{0,14}|qu=${STRING}|guard-unit=${STRING}|guard-burst=\\d{1,15}`,
);
const LIMIT = list('r=\\d{1,15}|t=\\d{1,15}');

async function headersUnder(limits: readonly LimitSpec[], nowMs = Date.now()) {
  const clock = { nowMs: () => nowMs };
  const plans = { free: { models: [MODEL], maxOutputTokens: 100, limits } };
  await using fixture = await startFixture({ plans, clock, ledger: memoryLedger({ clock }) });
  const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
  return {
    status: answer.status,
    policy: answer.headers.get('ratelimit-policy'),
    limit: answer.headers.get('ratelimit'),
  };
}

describe('RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)', () => {
  it('The RateLimit headers name every limit of the caller, with quota, window and unit', async () => {
    const { policy, limit } = await headersUnder(
      [
        { requests: 60, per: 'minute', burst: 10 },
        { requests: 200, per: '24h', name: 'daily' },
        { tokens: 2_000_000, per: 'day' },
        { inputTokens: 1_000_000, per: '7d' },
        { outputTokens: 500_000, per: 'week' },
        { usd: 1.5, per: 'month' },
        { concurrent: 3 },
      ],
      Date.parse('2026-11-23T12:00:00Z'),
    );
    expect(policy?.split(', ')).toEqual([
      '"requests-minute";q=60;w=60;guard-burst=10',
      '"daily";q=200;w=86400',
      '"tokens-day";q=2000000;w=86400;guard-unit="tokens"',
      '"inputTokens-7d";q=1000000;w=604800;guard-unit="input-tokens"',
      '"outputTokens-week";q=500000;w=604800;guard-unit="output-tokens"',
      '"usd-month";q=1500000;w=2592000;guard-unit="micro-usd"',
      '"concurrent";q=3;qu="concurrent-requests"',
    ]);
    expect(policy).toMatch(POLICY);
    expect(limit).toMatch(LIMIT);
    const rows = limit?.split(', ') ?? [];
    expect(rows[0]).toBe('"requests-minute";r=9;t=1');
    expect(rows[1]).toBe('"daily";r=199;t=90000');
    expect(rows[2]).toMatch(/^"tokens-day";r=19999\d{2};t=43200$/);
    expect(rows[6]).toBe('"concurrent";r=3');
  });

  it('The RateLimit headers are also on a denial, and are absent without limits', async () => {
    const denied = await headersUnder([{ requests: 0, per: '24h' }]);
    expect(denied).toEqual({
      status: 429,
      policy: '"requests-24h";q=0;w=86400',
      limit: '"requests-24h";r=0',
    });
    expect(await headersUnder([])).toEqual({ status: 200, policy: null, limit: null });
  });

  it('The RateLimit headers are valid structured fields for every valid limit', async () => {
    const per = fc.constantFrom(
      'minute',
      'hour',
      'day',
      'week',
      'month',
      'year',
      '1s',
      '90s',
      '24h',
      '365d',
      '1500ms',
    );
    const amount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 });
    const spec = fc.oneof(
      fc.record({ requests: amount, per, name }),
      fc.record({ tokens: amount, per, name }),
      fc.record({ usd: fc.double({ min: 0.001, max: 9_000_000, noNaN: true }), per, name }),
      fc.record({ requests: amount, per, burst: fc.integer({ min: 1, max: 1e9 }), name }),
      fc.record({ concurrent: amount, name }),
    );
    const property = fc.asyncProperty(spec, async (limit) => {
      const headers = await headersUnder([limit as LimitSpec]).catch((error: unknown) => error);
      // A name that headers cannot show throws at startup, and the error names the field.
      if (headers instanceof Error) {
        expect(headers).toBeInstanceOf(TypeError);
        expect(headers.message).toMatch(/name/);
        expect(limit.name).toMatch(/["\\]|[^\x20-\x7e]/);
        return;
      }
      expect((headers as { policy: string }).policy).toMatch(POLICY);
      expect((headers as { limit: string }).limit).toMatch(LIMIT);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
