import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { limitCounts } from './served.ts';
import { spiedLedger } from './spied-ledger.ts';

const plan = (...limits: readonly object[]) => ({
  free: { models: [MODEL], maxOutputTokens: 100, limits: limits as never },
});

describe('A call under several limits', () => {
  it('A call that one limit denies changes none of the other limits', async () => {
    const plans = plan({ requests: 1_000, per: '24h' }, { tokens: 1_000_000, per: 'day' });
    const everybody = [{ requests: 2, per: 'day' }] as const;
    await using fixture = await startFixture({ plans, limits: everybody });
    const { guard, fake } = fixture;
    for (const user of ['bob', 'cid'])
      await (await post(guard, await tokenOf(guard, user), chat())).text();
    const { value } = await guard.tokens.issue({
      user: 'ada',
      limits: [{ requests: 5, per: '24h' }],
    });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const answer = await post(guard, value, chat());
      expect([answer.status, await codeOf(answer)]).toEqual([503, 'service_budget_exceeded']);
    }
    expect(await limitCounts(guard, 'ada')).toEqual({ used: 0, held: 0 });
    expect(await limitCounts(guard, 'ada', 'tokens')).toEqual({ used: 0, held: 0 });
    expect(fake.requests).toHaveLength(2);
  });

  it('Simultaneous calls are served up to the room of the narrowest limit', async () => {
    const property = fc.asyncProperty(
      fc.record({
        user: fc.integer({ min: 0, max: 12 }),
        token: fc.integer({ min: 1, max: 12 }),
        everybody: fc.integer({ min: 0, max: 12 }),
        calls: fc.integer({ min: 1, max: 15 }),
      }),
      async ({ user, token, everybody, calls }) => {
        await using fixture = await startFixture({
          plans: plan({ requests: user, per: '24h' }, { tokens: 10_000_000, per: 'day' }),
          limits: [{ requests: everybody, per: 'day' }],
        });
        const { guard, fake } = fixture;
        const limits = [{ requests: token, per: '1h' }];
        const { value } = await guard.tokens.issue({ user: 'ada', limits });
        const answers = await Promise.all(
          Array.from({ length: calls }, async () => {
            const answer = await post(guard, value, chat());
            await answer.text();
            return answer.status;
          }),
        );
        const room = Math.min(calls, user, token, everybody);
        expect(answers.filter((status) => status === 200)).toHaveLength(room);
        expect(fake.requests).toHaveLength(room);
        await expect.poll(() => fixture.settled.length).toBe(room);
        expect(await limitCounts(guard, 'ada')).toEqual({ used: room, held: 0 });
      },
    );
    await fc.assert(property, { numRuns: 15 });
  });
});

describe('The cost of many limits', () => {
  it.each([1, 4, 10])(
    '%i limits cost one round trip before the call and one after it',
    async (count) => {
      const limits = Array.from({ length: count }, (_, index) => ({
        requests: 1_000,
        per: `${index + 1}h`,
      }));
      const ledger = spiedLedger();
      await using fixture = await startFixture({
        plans: plan(...limits),
        limits: [
          { usd: 10, per: 'day' },
          { tokens: 1_000_000, per: 'month' },
        ],
        ledger,
      });
      const token = await tokenOf(fixture.guard);
      for (let call = 1; call <= 3; call += 1) {
        await (await post(fixture.guard, token, chat())).text();
        await expect.poll(() => fixture.settled.length).toBe(call);
      }
      expect(ledger.counts.get('reserve')).toBe(3);
      expect(ledger.counts.get('settle')).toBe(3);
      expect(ledger.counts.get('read') ?? 0).toBe(0);
      expect(ledger.reserved[0]?.claims).toHaveLength(count + 2);
    },
  );
});

describe('A flood without a valid credential', () => {
  it('A flood of invalid user tokens causes no ledger call', async () => {
    const ledger = spiedLedger();
    await using fixture = await startFixture({ ledger });
    const valid = await tokenOf(fixture.guard);
    ledger.counts.clear();
    const forged = [
      '',
      'x',
      'gct_',
      `gct_${'A'.repeat(64)}`,
      `gct_${'A'.repeat(63)}`,
      valid.slice(0, -1),
      `${valid}A`,
      `${valid.slice(0, -1)}${valid.endsWith('A') ? 'B' : 'A'}`,
      valid.replace('gct_', 'gcx_'),
      valid.toUpperCase(),
    ];
    for (let round = 0; round < 20; round += 1) {
      const answers = await Promise.all(forged.map((token) => post(fixture.guard, token, chat())));
      expect(answers.map(({ status }) => status)).toEqual(forged.map(() => 401));
    }
    expect([...ledger.counts]).toEqual([]);
    expect(fixture.fake.requests).toEqual([]);
  });
});
