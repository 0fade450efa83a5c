import { describe, expect, it } from 'vitest';
import type { LimitSpec, User } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { chat, MODEL, post, startFixture } from '../fixture.ts';

/** Uses up a limit of one request at each instant in turn, and returns which calls were served. */
async function servedAt(limit: LimitSpec, instants: readonly string[], user: User = { id: 'ada' }) {
  let nowMs = Date.parse(instants[0] ?? '');
  const clock = { nowMs: () => nowMs };
  const plans = { free: { models: [MODEL], maxOutputTokens: 100, limits: [limit] } };
  await using fixture = await startFixture({ plans, clock, ledger: memoryLedger({ clock }) });
  const { guard } = fixture;
  const seen: (readonly [string, number, string | undefined])[] = [];
  for (const instant of instants) {
    nowMs = Date.parse(instant);
    const { value } = await guard.tokens.issue({ user });
    const answer = await post(guard, value, chat());
    await answer.text();
    const { resetsAtMs } = (await guard.users.usage(user)).limits[0] ?? {};
    const reset = resetsAtMs === undefined ? undefined : new Date(resetsAtMs).toISOString();
    seen.push([instant, answer.status, reset]);
  }
  return seen;
}

describe('Calendar windows', () => {
  it('Day windows cover days of 23 and of 25 hours without a gap or an overlap', async () => {
    const limit = { requests: 1, per: 'day', timeZone: 'Europe/Berlin' } as const;
    const spring = await servedAt(limit, [
      '2026-03-28T22:59:59.999Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T21:59:59.999Z',
      '2026-03-29T22:00:00.000Z',
    ]);
    expect(spring).toEqual([
      ['2026-03-28T22:59:59.999Z', 200, '2026-03-28T23:00:00.000Z'],
      ['2026-03-28T23:00:00.000Z', 200, '2026-03-29T22:00:00.000Z'],
      ['2026-03-29T21:59:59.999Z', 429, '2026-03-29T22:00:00.000Z'],
      ['2026-03-29T22:00:00.000Z', 200, '2026-03-30T22:00:00.000Z'],
    ]);
    const autumn = await servedAt(limit, [
      '2026-10-24T22:00:00Z',
      '2026-10-25T22:30:00Z',
      '2026-10-25T23:00:00Z',
    ]);
    expect(autumn.map(([, status, reset]) => [status, reset])).toEqual([
      [200, '2026-10-25T23:00:00.000Z'],
      [429, '2026-10-25T23:00:00.000Z'],
      [200, '2026-10-26T23:00:00.000Z'],
    ]);
  });

  it('Month windows follow a billing day that some months do not have', async () => {
    const limit: LimitSpec = {
      requests: 1,
      per: 'month',
      anchor: ({ claims }: User) => String(claims?.['since']),
    };
    const user = { id: 'ada', claims: { since: '2028-01-31' } };
    const seen = await servedAt(
      limit,
      [
        '2028-02-28T23:59:59Z',
        '2028-02-29T00:00:00Z',
        '2028-03-30T23:59:59Z',
        '2028-03-31T00:00:00Z',
        '2028-04-30T00:00:00Z',
      ],
      user,
    );
    expect(seen.map(([, status, reset]) => [status, reset])).toEqual([
      [200, '2028-02-29T00:00:00.000Z'],
      [200, '2028-03-31T00:00:00.000Z'],
      [429, '2028-03-31T00:00:00.000Z'],
      [200, '2028-04-30T00:00:00.000Z'],
      [200, '2028-05-31T00:00:00.000Z'],
    ]);
  });

  it('Week and year windows change at the turn of the week and the year', async () => {
    const weeks = await servedAt({ requests: 1, per: 'week' }, [
      '2026-12-27T23:59:59Z',
      '2026-12-28T00:00:00Z',
      '2027-01-03T23:59:59Z',
      '2027-01-04T00:00:00Z',
    ]);
    expect(weeks.map(([, status]) => status)).toEqual([200, 200, 429, 200]);
    const years = await servedAt({ requests: 1, per: 'year', timeZone: 'Pacific/Auckland' }, [
      '2026-12-31T10:59:59Z',
      '2026-12-31T11:00:00Z',
      '2027-12-31T10:59:59Z',
    ]);
    expect(years.map(([, status]) => status)).toEqual([200, 200, 429]);
  });

  it('A rolling window serves no more than its limit in any span of its length', async () => {
    const hours = Array.from({ length: 60 }, (_, hour) =>
      new Date(1_800_000_000_000 + hour * 1_800_000).toISOString(),
    );
    const seen = await servedAt({ requests: 1, per: '24h' }, hours);
    const served = seen
      .filter(([, status]) => status === 200)
      .map(([instant]) => Date.parse(instant));
    expect(served.length).toBeGreaterThanOrEqual(2);
    const gaps = served.slice(1).map((at, index) => at - (served[index] ?? 0));
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(24 * 3_600_000);
      expect(gap).toBeLessThanOrEqual(25.5 * 3_600_000);
    }
  });
});
