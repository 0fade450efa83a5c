import { describe, expect, it } from 'vitest';
import { applyGrant, type GrantEvent } from '../../src/accounts/credits.ts';
import type { LimitSpec } from '../../src/index.ts';
import { amounts } from '../../src/ledger/amounts.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { everyStore } from '../ledger/servers/every-store.ts';

const stores = await everyStore();
const plan = { models: [MODEL], maxOutputTokens: 100 };
const daily = (requests: number): LimitSpec => ({ requests, per: 'day', then: 'credits' });
const planWith = (...limits: LimitSpec[]) => ({ plans: { free: { ...plan, limits } } });

async function ask({ guard }: Fixture, user = 'ada'): Promise<string> {
  const answer = await post(guard, await tokenOf(guard, user), chat());
  return answer.ok ? answer.text().then(() => 'served') : codeOf(answer);
}

const creditsOf = async ({ guard }: Fixture, user = 'ada') =>
  (await guard.users.usage(user)).credits;

describe.each(stores)('Credits on %s', (_, open) => {
  it('are used after the limit, by any number of calls at once, exactly', async () => {
    await using fixture = await startFixture({ ...planWith(daily(2)), ledger: await open() });
    await fixture.guard.users.grant('ada', { requests: 3, to: 'credits' });
    const codes = await Promise.all(Array.from({ length: 9 }, () => ask(fixture)));
    expect(codes.filter((code) => code === 'served')).toHaveLength(5);
    expect(new Set(codes)).toEqual(new Set(['served', 'quota_exceeded']));
    await expect
      .poll(() => creditsOf(fixture))
      .toEqual([{ unit: 'requests', remaining: 0, held: 0 }]);
    expect(fixture.fake.invoice).toHaveLength(5);
  });

  it('are given once for each id, in parallel and after a crash, and are taken back once', async () => {
    const ledger = await open();
    await using fixture = await startFixture({ ...planWith(daily(0)), ledger });
    const { users } = fixture.guard;
    const bought = { requests: 100, usd: 0.5, to: 'credits', id: 'pi_1' } as const;
    await Promise.all([1, 2, 3, 4].map(() => users.grant('ada', bought)));
    const all = [
      { unit: 'requests', remaining: 100, held: 0 },
      { unit: 'usd', remaining: 0.5, held: 0 },
    ];
    expect((await users.grant('ada', bought)).credits).toEqual(all);
    expect(await creditsOf(fixture, 'bob')).toEqual([{ ...all[0], remaining: 0 }]);
    expect(await ask(fixture)).toBe('served');
    const taken = await Promise.all([1, 2, 3].map(() => users.takeBack('ada', 'pi_1')));
    expect(taken.filter(Boolean)).toHaveLength(1);
    const left = [{ unit: 'requests', remaining: -1, held: 0 }];
    await expect.poll(() => creditsOf(fixture)).toEqual(left);
    expect(await ask(fixture)).toBe('quota_exceeded');
    expect((await users.grant('ada', bought)).credits).toEqual(left);
    expect(await users.takeBack('ada', 'pi_2')).toBe(false);
    expect((await users.grant('ada', { ...bought, id: 'pi_2' })).credits).toEqual(left);
  });

  it('A crash between the two writes of a grant changes nothing of what a repeat gives', async () => {
    const ledger = await open();
    const credit = ledger.credit.bind(ledger);
    const event: GrantEvent = { amounts: amounts({ requests: 5 }), given: true, asOfMs: 1 };
    const account = { account: 'user:ada', scope: 'own' } as const;
    const given = () => applyGrant(account, 'pi_1', event, ledger);
    for (const isWritten of [false, true]) {
      ledger.credit = async (...verb: Parameters<Ledger['credit']>) => {
        if (isWritten) await credit(...verb);
        throw new Error('crashed');
      };
      await expect(given()).rejects.toThrow('crashed');
    }
    ledger.credit = credit;
    await given();
    await using fixture = await startFixture({ ...planWith(), ledger });
    expect(await creditsOf(fixture)).toEqual([{ unit: 'requests', remaining: 5, held: 0 }]);
  });

  it('Events about a grant count by their time, in whichever order they arrive', async () => {
    const bought = { amounts: amounts({ requests: 5 }), given: true, asOfMs: 1 };
    const refunded = { given: false, asOfMs: 2 };
    const reversed = { given: true, asOfMs: 3 };
    const orders: [events: GrantEvent[], left: number][] = [
      [[bought, refunded], 0],
      [[refunded, bought], 0],
      [[bought, refunded, reversed], 5],
      [[reversed, bought, refunded], 5],
      [[refunded, reversed, bought], 5],
      [[{ ...bought, asOfMs: 2 }, refunded], 0],
      [[refunded, { ...bought, asOfMs: 2 }], 0],
    ];
    const ledger = await open();
    await using fixture = await startFixture({ ...planWith(daily(1)), ledger });
    for (const [index, [events, left]] of orders.entries()) {
      const user = `user-${index}`;
      const account = { account: `user:${user}`, scope: 'own' } as const;
      for (const event of [...events, ...events]) await applyGrant(account, 'tx', event, ledger);
      expect([index, await creditsOf(fixture, user)]).toEqual([
        index,
        [{ unit: 'requests', remaining: left, held: 0 }],
      ]);
      const other = { account: `user:other-${index}`, scope: 'own' } as const;
      await Promise.all(events.map((event) => applyGrant(other, 'tx', event, ledger)));
      expect((await creditsOf(fixture, `other-${index}`))[0]?.remaining).toBe(left);
    }
  });

  it('A merge moves what is left of the credits of the anonymous user, once', async () => {
    await using fixture = await startFixture({ ...planWith(daily(1)), ledger: await open() });
    const { users } = fixture.guard;
    await users.grant('guest', { requests: 5, to: 'credits' });
    expect([await ask(fixture, 'guest'), await ask(fixture, 'guest')]).toEqual([
      'served',
      'served',
    ]);
    expect(await users.merge('guest', 'ada')).toBe(true);
    expect(await users.merge('guest', 'ada')).toBe(false);
    const left = (remaining: number) => [{ unit: 'requests', remaining, held: 0 }];
    expect(await creditsOf(fixture)).toEqual(left(4));
    expect(await creditsOf(fixture, 'guest')).toEqual(left(0));
  });
});

describe('Credits', () => {
  it('stay when the plan changes to one without, and wait for one that has them', async () => {
    const plans = {
      basic: { ...plan, limits: [{ requests: 1, per: 'day' as const }] },
      pro: { ...plan, limits: [daily(1)] },
    };
    await using fixture = await startFixture({ plans, planOf: () => 'basic' });
    const { users } = fixture.guard;
    await users.grant('ada', { requests: 1, to: 'credits' });
    expect([await ask(fixture), await ask(fixture)]).toEqual(['served', 'quota_exceeded']);
    expect(await creditsOf(fixture)).toEqual([{ unit: 'requests', remaining: 1, held: 0 }]);
    await users.setPlan('ada', 'pro');
    expect([await ask(fixture), await ask(fixture)]).toEqual(['served', 'quota_exceeded']);
  });

  it('stay when the usage of the windows is reset, and used ones stay used', async () => {
    await using fixture = await startFixture(planWith(daily(1), { requests: 20, per: 'ever' }));
    const { users } = fixture.guard;
    await users.grant('ada', { requests: 2, to: 'credits' });
    for (const _ of [1, 2]) expect(await ask(fixture)).toBe('served');
    const after = await users.reset('ada');
    expect(after.limits.map(({ used }) => used)).toEqual([0, 0]);
    expect(after.credits).toEqual([{ unit: 'requests', remaining: 1, held: 0 }]);
  });

  it('A grant to limits raises a limit per "ever" for good, and leaves credits alone', async () => {
    await using fixture = await startFixture(planWith(daily(9), { requests: 1, per: 'ever' }));
    const { users } = fixture.guard;
    expect([await ask(fixture), await ask(fixture)]).toEqual(['served', 'quota_exceeded']);
    const { limits, credits } = await users.grant('ada', { requests: 1 });
    expect(limits[1]).toMatchObject({ limit: 1, used: 0, remaining: 1, resetsAtMs: undefined });
    expect(credits).toEqual([{ unit: 'requests', remaining: 0, held: 0 }]);
    expect([await ask(fixture), await ask(fixture)]).toEqual(['served', 'quota_exceeded']);
  });

  it('A denial says that limit and credits are used up, and headers show what is left', async () => {
    await using fixture = await startFixture(planWith(daily(1)));
    await fixture.guard.users.grant('ada', { requests: 1, to: 'credits' });
    const shown: (string | null)[] = [];
    for (const _ of [1, 2, 3]) {
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
      shown.push(answer.headers.get('ratelimit'));
      expect(answer.headers.get('ratelimit-policy')).toBe('"requests-day";q=1;w=86400');
      if (answer.status !== 429) await answer.text();
      else
        expect(await answer.json()).toMatchObject({
          error: {
            message: expect.stringContaining(
              'Limit "requests-day": 1 requests, 0 left, 0 credits left.',
            ),
            limits: [{ name: 'requests-day', remaining: 0, credits: 0 }],
          },
        });
    }
    expect(shown.map((header) => header?.replace(/;t=\d+/, ''))).toEqual([
      '"requests-day";r=0, "credits-requests";r=1',
      '"requests-day";r=0, "credits-requests";r=0',
      '"requests-day";r=0, "credits-requests";r=0',
    ]);
  });

  it('A group has credits of its own, which its members share', async () => {
    await using fixture = await startFixture({
      ...planWith(),
      groups: { team: { limits: [daily(1)], showFigures: true } },
    });
    const { guard } = fixture;
    const team = { kind: 'team', id: 't1' };
    const askAs = async (id: string) => {
      const { value } = await guard.tokens.issue({ user: { id, groups: [team] } });
      const answer = await post(guard, value, chat());
      return answer.ok ? answer.text().then(() => 'served') : codeOf(answer);
    };
    const bought = { requests: 1, to: 'credits', id: 'pi_1' } as const;
    expect((await guard.groups.grant(team, bought)).credits).toHaveLength(1);
    expect([await askAs('ada'), await askAs('bob')]).toEqual(['served', 'served']);
    expect(await askAs('ada')).toBe('group_limit_exceeded');
    expect(fixture.denied[0]?.message).toContain('0 left, 0 credits left');
    expect(await guard.groups.takeBack(team, 'pi_1')).toBe(true);
    expect((await guard.groups.usage(team)).credits).toEqual([
      { unit: 'requests', remaining: -1, held: 0 },
    ]);
  });

  it('An answer is not shortened to what is left of a limit while credits pay for the rest', async () => {
    const body = chat({ max_completion_tokens: 1_000 });
    const limits: LimitSpec[] = [{ outputTokens: 600, per: 'day', then: 'credits' }];
    await using fixture = await startFixture({
      plans: { free: { ...plan, maxOutputTokens: 1_000, limits } },
    });
    const { guard, fake } = fixture;
    const capOf = async () => {
      await (await post(guard, await tokenOf(guard), body)).text();
      return fake.requests.at(-1)?.body;
    };
    expect(await capOf()).toMatchObject({ max_completion_tokens: 600 });
    await guard.users.reset('ada');
    await guard.users.grant('ada', { outputTokens: 1_000, to: 'credits' });
    expect(await capOf()).toMatchObject({ max_completion_tokens: 1_000 });
  });
});
