import { describe, expect, it, vi } from 'vitest';
import { type LimitSpec, memoryLedger, type ThresholdEvent } from '../../src/index.ts';
import { settableClock } from '../../src/testing/ledger-conformance/case.ts';
import { spiedLedger } from '../attacks/spied-ledger.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const NOON_MS = Date.parse('2026-11-23T12:00:00Z');
const MIDNIGHT_MS = Date.parse('2026-11-24T00:00:00Z');
const TEN: LimitSpec = { requests: 10, per: 'day', warnAt: [0.5, 0.8, 1] };

/** Gives what runs beside the calls the time to end. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Scene {
  readonly own?: readonly LimitSpec[];
  readonly global?: readonly LimitSpec[];
  readonly team?: readonly LimitSpec[];
  readonly listens?: boolean;
}

async function startUnder({ own = [], global = [], team, listens = true }: Scene) {
  const clock = settableClock(NOON_MS);
  const ledger = spiedLedger(memoryLedger({ clock }));
  const plans = { free: { models: [MODEL, 'gpt-5'], maxOutputTokens: 1_000, limits: own } };
  const groups = team && {
    groups: { team: { limits: team } },
    groupsOf: () => [{ kind: 'team', id: 'blue' }],
  };
  const fixture = await startFixture({ plans, limits: global, clock, ledger, ...groups });
  const events: ThresholdEvent[] = [];
  if (listens) fixture.guard.on('threshold', (event) => void events.push(event));
  let asked = 0;
  const ask = async (calls = 1, user = 'ada', token?: string) => {
    const value = token ?? (await tokenOf(fixture.guard, user));
    asked += calls;
    for (let call = 0; call < calls; call += 1) {
      await (await post(fixture.guard, value, chat())).text();
    }
    // A call is settled when its answer has passed, and what it reached is told after that.
    const ended = () => fixture.settled.length + fixture.denied.length;
    await expect.poll(ended, { interval: 1 }).toBeGreaterThanOrEqual(asked);
    await turn();
  };
  return {
    ...fixture,
    clock,
    ledger,
    events,
    ask,
    fractions: () => events.map(({ fraction }) => fraction),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

describe('A limit with warnAt', () => {
  it('emits threshold once for each fraction of a window, and again in the next one', async () => {
    await using scene = await startUnder({ own: [TEN] });
    await scene.ask(9);
    expect(scene.fractions()).toEqual([0.5, 0.8]);
    await scene.ask(1);
    expect(scene.fractions()).toEqual([0.5, 0.8, 1]);
    scene.clock.set(MIDNIGHT_MS);
    await scene.ask(5);
    expect(scene.fractions()).toEqual([0.5, 0.8, 1, 0.5]);
    expect(new Set(scene.events.map(({ id }) => id)).size).toBe(4);
  });

  it('has in its event whose limit it is, what is used, when it begins again, and how fast it is used', async () => {
    await using scene = await startUnder({ own: [TEN] });
    await scene.ask(5);
    expect(scene.events).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{43}$/),
        level: 'user',
        userId: 'ada',
        tokenId: undefined,
        group: undefined,
        limit: 'requests-day',
        unit: 'requests',
        fraction: 0.5,
        used: 5,
        amount: 10,
        resetsAtMs: MIDNIGHT_MS,
        burnRate: 1,
      },
    ]);
  });

  it('of a token and of all users emits threshold too', async () => {
    await using scene = await startUnder({ global: [{ ...TEN, requests: 4, name: 'all' }] });
    const limits: readonly LimitSpec[] = [{ ...TEN, requests: 2 }];
    const { id, value } = await scene.guard.tokens.issue({ user: 'ada', limits });
    await scene.ask(1, 'ada', value);
    await scene.ask(1, 'bob');
    expect(scene.events).toMatchObject([
      { level: 'token', userId: 'ada', tokenId: id, limit: 'requests-day', fraction: 0.5 },
      { level: 'global', userId: undefined, limit: 'all', fraction: 0.5, used: 2 },
    ]);
  });

  it('of a group names the group, and no user', async () => {
    await using scene = await startUnder({ team: [{ requests: 2, per: 'day', warnAt: [1] }] });
    await scene.ask(1, 'ada');
    await scene.ask(1, 'bob');
    const group = { kind: 'team', id: 'blue' };
    expect(scene.events).toMatchObject([{ level: 'group', group, userId: undefined, used: 2 }]);
  });

  it('counts only the calls of its models', async () => {
    const other: LimitSpec = { ...TEN, requests: 1, models: ['gpt-5'], name: 'other' };
    await using scene = await startUnder({ own: [other, { ...TEN, requests: 2, warnAt: [1] }] });
    await scene.ask(2);
    expect(scene.events).toMatchObject([{ limit: 'requests-day', fraction: 1 }]);
  });

  it('with credits behind it tells when it is used up and they begin', async () => {
    const spilling: LimitSpec = { requests: 2, per: 'day', warnAt: [1], then: 'credits' };
    await using scene = await startUnder({ own: [spilling] });
    await scene.guard.users.grant('ada', { requests: 5, to: 'credits', id: 'pack' });
    await scene.ask(4);
    expect(scene.settled).toHaveLength(4);
    expect(scene.events).toMatchObject([{ fraction: 1, used: 2, amount: 2 }]);
  });

  it('warns of what is used, not of what calls in flight hold', async () => {
    await using scene = await startUnder({ own: [{ tokens: 10_000, per: 'day', warnAt: [0.1] }] });
    await scene.ask(2);
    expect(scene.events).toEqual([]);
  });

  it('tells only the higher of two fractions that one call passes', async () => {
    await using scene = await startUnder({ own: [{ ...TEN, warnAt: [0.02, 0.05, 0.5] }] });
    await scene.ask(2);
    expect(scene.fractions()).toEqual([0.05]);
  });

  it('tells each fraction at most once of calls that run at the same time', async () => {
    await using scene = await startUnder({ own: [{ ...TEN, requests: 100 }] });
    const token = await tokenOf(scene.guard);
    await Promise.all(Array.from({ length: 13 }, () => scene.ask(8, 'ada', token)));
    expect(scene.fractions().at(-1)).toBe(1);
    expect(scene.fractions()).toEqual([...new Set(scene.fractions())].sort());
  });

  it('takes the first denial because it is used up for the whole', async () => {
    const small: LimitSpec = { outputTokens: 1_200, per: 'day', warnAt: [1] };
    await using scene = await startUnder({ own: [small] });
    scene.fake.scriptNext({ tokens: 990 });
    await scene.ask(1);
    expect(scene.events).toEqual([]);
    await scene.ask(2);
    expect(scene.denied).toHaveLength(2);
    expect(scene.events).toMatchObject([{ fraction: 1, used: 990, resetsAtMs: MIDNIGHT_MS }]);
  });

  it('says nothing when a call is denied that is too large for it', async () => {
    await using scene = await startUnder({ own: [{ tokens: 40, per: 'day', warnAt: [1] }] });
    await scene.ask(1);
    expect(scene.denied.map(({ code }) => code)).toEqual(['call_exceeds_limit']);
    expect(scene.events).toEqual([]);
  });

  it('in a rolling window is told again one window later', async () => {
    await using scene = await startUnder({ own: [{ requests: 4, per: '1h', warnAt: [0.5] }] });
    await scene.ask(3);
    expect(scene.events).toMatchObject([{ fraction: 0.5, burnRate: undefined }]);
    scene.clock.set(NOON_MS + 2 * 3_600_000);
    await scene.ask(3);
    expect(scene.fractions()).toEqual([0.5, 0.5]);
    expect(scene.events[0]?.id).not.toBe(scene.events[1]?.id);
  });

  it('without a window is told once', async () => {
    await using scene = await startUnder({ own: [{ requests: 4, per: 'ever', warnAt: [0.5] }] });
    await scene.ask(2);
    scene.clock.set(NOON_MS + 300 * 86_400_000);
    await scene.ask(2);
    expect(scene.events).toMatchObject([{ fraction: 0.5, used: 2, resetsAtMs: undefined }]);
  });

  it('in shadow warns when all users spend too fast', async () => {
    const fast: LimitSpec = { requests: 5, per: '10m', enforce: false, warnAt: [1] };
    await using scene = await startUnder({ global: [fast] });
    await scene.ask(7);
    expect(scene.settled).toHaveLength(7);
    expect(scene.events).toMatchObject([{ level: 'global', limit: 'requests-10m', used: 5 }]);
  });

  it('writes nothing into the store without a listener, or where no limit has warnAt', async () => {
    const plain: LimitSpec = { requests: 10, per: 'day' };
    for (const [own, listens] of [
      [[plain], true],
      [[TEN], false],
      [[TEN], true],
    ] as const) {
      await using scene = await startUnder({ own, listens });
      await scene.ask(10);
      expect(scene.settled).toHaveLength(10);
      expect(scene.ledger.dump().includes('"sent:')).toBe(own[0] === TEN && listens);
    }
  });

  it('is told again a minute later, with the same id, when a listener rejected', async () => {
    await using scene = await startUnder({ own: [{ ...TEN, warnAt: [0.5] }], listens: false });
    const ids: string[] = [];
    let works = false;
    scene.guard.on('threshold', async ({ id }) => {
      ids.push(id);
      if (!works) throw new Error('The receiver is away.');
    });
    await scene.ask(6);
    expect(scene.failed).toMatchObject([{ source: 'listener', listener: 'threshold' }]);
    scene.clock.set(NOON_MS + 59_999);
    await scene.ask(1);
    expect(ids).toHaveLength(1);
    works = true;
    scene.clock.set(NOON_MS + 60_000);
    await scene.ask(1);
    scene.clock.set(NOON_MS + 180_000);
    await scene.ask(1);
    const [first, second, ...others] = ids;
    expect([second, others.length]).toEqual([first, 0]);
  });

  it('is told a minute later when the store failed, which is reported', async () => {
    await using scene = await startUnder({ own: [TEN] });
    const token = await tokenOf(scene.guard);
    const { records } = scene.ledger;
    const write = records.put.bind(records);
    const put = vi.spyOn(records, 'put').mockImplementation(async (key, ...rest) => {
      if (key.startsWith('sent:')) throw new Error('The store is away.');
      return write(key, ...rest);
    });
    await scene.ask(7, 'ada', token);
    expect(scene.failed).toMatchObject([{ source: 'ledger' }]);
    put.mockRestore();
    scene.clock.set(NOON_MS + 60_000);
    await scene.ask(1, 'ada', token);
    expect(scene.fractions()).toEqual([0.8]);
  });
});
