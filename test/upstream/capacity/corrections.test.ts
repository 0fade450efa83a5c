import { afterEach, describe, expect, it } from 'vitest';
import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';
import type { Capacity } from '../../../src/upstream/capacity/capacity.ts';
import { bindingLimits } from '../../../src/upstream/capacity/capacity-limits.ts';
import { correct } from '../../../src/upstream/capacity/drift.ts';
import { sqliteFolder } from '../../ledger/sqlite-folder.ts';
import { headersOf, ID, type Sent, settled, type TestClock, type World, world } from './world.ts';

const LIMITS = { requests: 500, tokens: 200_000 };

const folders: ReturnType<typeof sqliteFolder>[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder[Symbol.asyncDispose]();
});

const ledgers = {
  memory: (clock: TestClock) => memoryLedger({ clock }),
  SQLite: (clock: TestClock) => {
    const folder = sqliteFolder();
    folders.push(folder);
    return folder.open({ clock });
  },
};

/** Two processes that know the limits, and whose ledger was compared with the upstream. */
async function twoProcesses(ledgerOf: (clock: TestClock) => ReturnType<typeof memoryLedger>) {
  const w = world(LIMITS, ledgerOf);
  const [first, second] = [w.start(), w.start()];
  await w.call(first);
  await expect.poll(() => first.status().mode).toBe('learned');
  await w.call(first);
  await expect
    .poll(() => [first.status().corrections, second.status().corrections])
    .toEqual([1, 1]);
  await w.clock.pass(60_000);
  return { ...w, first, second };
}

/** Sends a call whose answer says that so many requests and tokens are left. */
async function sees(w: World, capacity: Capacity, requests: number, tokens: number): Promise<Sent> {
  const sent = await w.send(capacity, 100);
  if (sent === undefined) throw new Error('the call was denied');
  w.upstream.drain({ requests: 1 - requests / 500, tokens: 1 - tokens / 200_000 });
  w.upstream.admit('gpt-5-mini', {});
  return { departure: sent.departure, verdict: w.upstream.admit('gpt-5-mini', {}) };
}

const answer = ({ departure, verdict }: Sent) => departure.answered(headersOf(verdict));

describe.each(Object.entries(ledgers))(
  'What an answer shows corrects the %s ledger',
  (_name, ledgerOf) => {
    it('when others have used the same limit', async () => {
      await using w = await twoProcesses(ledgerOf);
      answer(await sees(w, w.first, 302, 150_000));
      await expect.poll(() => w.used(w.first)).toEqual({ rpm: 200, tpm: 50_000 });
    });

    it('when the upstream has counted less', async () => {
      await using w = await twoProcesses(ledgerOf);
      answer(await sees(w, w.first, 302, 150_000));
      await expect.poll(() => w.used(w.first)).toEqual({ rpm: 200, tpm: 50_000 });
      await w.clock.pass(500);
      answer(await sees(w, w.first, 472, 190_000));
      await expect.poll(() => w.used(w.first)).toEqual({ rpm: 30, tpm: 10_000 });
    });

    it('once for all calls that were on their way in all processes', async () => {
      await using w = await twoProcesses(ledgerOf);
      const sent: Sent[] = [];
      for (const capacity of [w.first, w.second, w.first, w.second]) {
        sent.push(await sees(w, capacity, 302, 150_000));
      }
      for (const call of sent) answer(call);
      await expect
        .poll(() => [w.first.status().corrections, w.second.status().corrections])
        .toEqual([2, 2]);
      for (const call of sent) answer(call);
      await settled();
      expect((await w.used(w.first))['rpm']).toBeLessThanOrEqual(204);
      expect(w.first.status().corrections).toBe(2);
      expect(w.errors).toEqual([]);
    });

    it('is known to a process that has only heard of it', async () => {
      await using w = await twoProcesses(ledgerOf);
      const late = await sees(w, w.second, 302, 150_000);
      answer(await sees(w, w.first, 302, 150_000));
      await expect.poll(() => w.second.status().corrections).toBe(2);
      answer(late);
      await settled();
      expect(w.second.status().corrections).toBe(2);
    });
  },
);

describe('A correction', () => {
  const start = () => twoProcesses(ledgers.memory);

  it('is not made for a drift of 1 % or less', async () => {
    await using w = await start();
    answer(await sees(w, w.first, 496, 198_000));
    await settled();
    expect(w.first.status().corrections).toBe(1);
  });

  it('is made by a refusal that shows an empty limit, however small the drift is', async () => {
    await using w = await start();
    const sent = await sees(w, w.first, 500, 200_000);
    const seen: Record<string, string> = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-limit-tokens': '200000',
      'x-ratelimit-remaining-tokens': '199000',
    };
    sent.departure.refused(429, (name) => seen[name]);
    await settled();
    expect(await w.used(w.first)).toEqual({ rpm: 500, tpm: 1_000 });
  });

  it('is not made twice by a call whose reserve was answered before it and that left after it', async () => {
    await using w = await start();
    answer(await sees(w, w.first, 302, 150_000));
    await settled();
    await w.clock.pass(499);
    const stale = { used: 1, held: 0, remaining: 0, resetsAtMs: undefined };
    const departure = w.first.leave([stale, { ...stale, used: 100 }]);
    const { verdict } = await sees(w, w.second, 302, 150_000);
    departure.answered(headersOf(verdict));
    await settled();
    expect(w.first.status().corrections).toBe(2);
  });

  it('is not made twice by calls that were on their way together, also when the clock is set back', async () => {
    await using w = await start();
    const sent = [await sees(w, w.first, 302, 150_000), await sees(w, w.first, 302, 150_000)];
    w.clock.move(-3_600_000);
    for (const call of sent) {
      answer(call);
      await settled();
    }
    expect(w.first.status().corrections).toBe(2);
  });

  it('is made also after the clock was set back by hours', async () => {
    await using w = await start();
    answer(await sees(w, w.first, 302, 150_000));
    await settled();
    w.clock.move(-7_200_000);
    answer(await sees(w, w.first, 202, 150_000));
    await settled();
    expect(w.first.status().corrections).toBe(3);
  });

  it('counts what the same round reserved for calls that left later', async () => {
    await using w = await start();
    const round = { used: 108, held: 0, remaining: 0, resetsAtMs: undefined };
    const balances = [round, { ...round, used: 8_100 }];
    const departure = w.first.leave(balances, { callsAfter: 7, tokensAfter: 5_000 });
    const { verdict } = await sees(w, w.second, 401, 197_100);
    departure.answered(headersOf(verdict));
    await settled();
    expect(w.first.status().corrections).toBe(1);
  });

  it('only raises a ceiling that the operator gave, so that others’ use does not count against it', async () => {
    await using w = world(LIMITS);
    const capacity = w.start({ rpm: 100 });
    await w.call(capacity);
    await w.call(capacity);
    await w.clock.pass(60_000);
    answer(await sees(w, capacity, 302, 200_000));
    await settled();
    expect((await w.used(capacity))['rpm']).toBe(1);
    answer(await sees(w, capacity, 62, 200_000));
    await settled();
    expect((await w.used(capacity))['rpm']).toBe(40);
    await w.clock.pass(500);
    answer(await sees(w, capacity, 400, 200_000));
    await settled();
    expect((await w.used(capacity))['rpm']).toBe(41);
  });

  it('is reported when the store fails, and made by a later answer', async () => {
    await using w = await start();
    const put = w.ledger.records.put;
    w.ledger.records.put = () => Promise.reject(new Error('the store fails'));
    answer(await sees(w, w.first, 302, 150_000));
    await settled();
    expect(w.errors).toHaveLength(1);
    answer(await sees(w, w.first, 302, 150_000));
    await settled();
    expect(w.errors).toHaveLength(1);
    w.ledger.records.put = put.bind(w.ledger.records);
    await w.clock.pass(1_000);
    answer(await sees(w, w.first, 302, 150_000));
    await settled();
    expect((await w.used(w.first))['rpm']).toBe(200);
  });
});

it('A correction that two processes make while the store is slow counts once', async () => {
  await using w = await twoProcesses(ledgers.memory);
  const limit = bindingLimits({ rpm: 500 }, {})[0];
  if (limit === undefined) throw new Error('there is no limit');
  for (let each = 1; each <= 2; each += 1) {
    await correct(w.ledger, `upstream:${ID}`, { limit, amount: 450 });
  }
  expect(await w.used(w.first)).toMatchObject({ rpm: 450 });
});
