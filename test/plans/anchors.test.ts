import { describe, expect, it } from 'vitest';
import type { LimitSpec, User } from '../../src/index.ts';
import { chat, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

type Anchor = NonNullable<Extract<LimitSpec, { anchor?: unknown }>['anchor']>;

const NOW_MS = Date.parse('2026-11-29T12:00:00Z');
const FIRST = Date.parse('2026-12-01T00:00:00Z');
const SEVENTEENTH = Date.parse('2026-12-17T00:00:00Z');

function startWith(anchor: unknown, more: object = {}): Promise<Fixture> {
  const limits = [{ requests: 9, per: 'month', anchor: anchor as Anchor }];
  const plans = { free: { models: [MODEL], limits } };
  return startFixture({ plans, clock: { nowMs: () => NOW_MS }, ...more });
}

async function call({ guard }: Fixture, user = 'ada'): Promise<Response> {
  const answer = await post(guard, await tokenOf(guard, user), chat());
  await answer.text();
  return answer;
}

/** When the period of the first limit ends, after one call. */
async function endOf(fixture: Fixture, user = 'ada'): Promise<number | undefined> {
  expect((await call(fixture, user)).status).toBe(200);
  return (await fixture.guard.users.usage(user)).limits[0]?.resetsAtMs;
}

describe('An anchor', () => {
  it.each([
    ['an ISO date', '2026-01-17'],
    ['an instant', '2026-01-17T00:00:00Z'],
    ['a Date', new Date('2026-01-17')],
    ['a function that returns an ISO date', () => '2026-01-17'],
    ['a function that returns a Date', () => new Date('2026-01-17')],
    ['a function that promises an ISO date', async () => '2026-01-17'],
    ['a function that promises a Date', async () => new Date('2026-01-17')],
  ])('%s begins the periods of a limit', async (_, anchor) => {
    await using fixture = await startWith(anchor);
    expect(await endOf(fixture)).toBe(SEVENTEENTH);
  });

  it.each([
    ['at once', () => undefined],
    ['later', async () => undefined],
  ])('A user for whom it is undefined, %s, has the periods of the calendar', async (_, anchor) => {
    await using fixture = await startWith(anchor);
    expect(await endOf(fixture)).toBe(FIRST);
  });

  it.each([
    ['17.1.2026'],
    ['2026-02-30'],
    [''],
    [1_800_000_000_000],
    [new Date(Number.NaN)],
    [{}],
    [false],
  ])('%o is refused at the start, and at the call where a function returns it', async (wrong) => {
    await expect(startWith(wrong)).rejects.toThrow(
      /^"options.plans.free.limits\[0\].anchor":? must be a Date, an ISO date/,
    );
    for (const anchor of [() => wrong, async () => wrong]) {
      await using fixture = await startWith(anchor);
      expect((await call(fixture)).status).toBe(500);
      expect(String(fixture.failed[0]?.error)).toMatch(
        /"options.plans.free.limits\[0\].anchor" returned .*: it must return a Date/,
      );
      expect(fixture.fake.requests).toEqual([]);
    }
  });
});

describe('An anchor that is looked up', () => {
  it('One look-up serves all calls of a user until planTtl is over or users.changed', async () => {
    let nowMs = NOW_MS;
    const asked: string[] = [];
    const anchor = async ({ id }: User) => {
      asked.push(id);
      return '2026-01-17';
    };
    await using fixture = await startWith(anchor, { clock: { nowMs: () => nowMs } });
    await Promise.all([call(fixture), call(fixture), call(fixture, 'bob')]);
    expect(asked.toSorted()).toEqual(['ada', 'bob']);
    nowMs += 59_000;
    await call(fixture);
    expect(asked).toHaveLength(2);
    nowMs += 1_000;
    await call(fixture);
    expect(asked).toHaveLength(3);
    await fixture.guard.users.changed('ada');
    await call(fixture);
    expect(asked).toHaveLength(4);
  });

  it('While look-ups fail, the last result counts for planStale; a user without one gets 500', async () => {
    let nowMs = NOW_MS;
    let down = false;
    const anchor = async () => {
      if (down) throw new Error('the database is away');
      return '2026-01-17';
    };
    await using fixture = await startWith(anchor, { clock: { nowMs: () => nowMs } });
    expect(await endOf(fixture)).toBe(SEVENTEENTH);
    down = true;
    expect((await call(fixture, 'bob')).status).toBe(500);
    nowMs += 120_000;
    expect(await endOf(fixture)).toBe(SEVENTEENTH);
    nowMs += 3_600_000;
    expect((await call(fixture)).status).toBe(500);
    down = false;
    expect(await endOf(fixture, 'bob')).toBe(SEVENTEENTH);
    expect(fixture.failed.map(({ error }) => String(error))).toEqual([
      'Error: the database is away',
      'Error: the database is away',
    ]);
  });

  it('A look-up that hangs ends its own call after timeouts.hook, and delays no other user', async () => {
    const anchor = ({ id }: User) => (id === 'ada' ? new Promise<string>(() => {}) : undefined);
    await using fixture = await startWith(anchor, { timeouts: { hook: '50ms' } });
    const hanging = call(fixture);
    expect(await endOf(fixture, 'bob')).toBe(FIRST);
    expect((await hanging).status).toBe(500);
    expect(String(fixture.failed[0]?.error)).toMatch(/anchor" did not answer within 50 ms/);
  });

  it('The list of models, and limits of all users, know it too', async () => {
    await using fixture = await startFixture({
      plans: { free: { models: [MODEL] } },
      limits: [{ requests: 1, per: 'month', anchor: async () => '2026-01-17' }],
      clock: { nowMs: () => NOW_MS },
    });
    expect((await call(fixture)).status).toBe(200);
    const denied = await call(fixture);
    expect(denied.status).toBe(503);
    await using own = await startWith(async () => '2026-01-17');
    expect((await own.guard.client('ada').models.list()).data).toHaveLength(1);
    expect(own.failed).toEqual([]);
  });
});
