import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import type { Amounts } from '../../src/ledger/amounts.ts';
import type { Claim, Ledger } from '../../src/ledger/ledger.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { Chunk } from '../../src/ledger/redis/escrow/chunk.ts';
import { EscrowLedger } from '../../src/ledger/redis/escrow/escrow-ledger.ts';
import {
  amounts,
  claim,
  concurrent,
  DISPATCHED,
  GLOBAL,
  rate,
  rolling,
  START_MS,
  settableClock,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';
import { watchedLedger } from '../faults/watched-ledger.ts';
import { lasting } from './race/lasting.ts';
import { clusterLibraries, freshLedger } from './servers/redis-clients.ts';
import { redisBinary, startRedisCluster } from './servers/redis-server.ts';

const LIMIT = 10_000;
const SHARE = 0.02;
const PROCESSES = 4;
const CHUNK = LIMIT * SHARE;
const globalClaim = (unit: Claim['rule']['unit'] = 'tokens') =>
  claim({ ...lasting(LIMIT), unit }, GLOBAL);

// Nothing is leased here, so that every account has to count exactly, on whichever ledger it is.
describe('Users spread over shards', () => {
  ledgerConformance({ describe, it }, async ({ clock }) => {
    const [global, ...shards] = Array.from({ length: 4 }, () => memoryLedger({ clock }));
    if (global === undefined) throw new TypeError('There is no ledger.');
    return { ledger: new EscrowLedger(global, shards, { clock, leases: () => false }) };
  });
});

describe('A reserve of leased limits, shared rates and own limits at once', () => {
  const own = claim({ ...lasting(40), key: 'own' });
  const upstream = claim({ ...rate(60, 30), unit: 'upstreamTokens' }, 'upstream:main');
  const mixed: readonly Claim[] = [own, globalClaim(), { ...upstream, scope: 'shared' }];
  const costing = (cost: number, upstreamTokens: number) =>
    amounts({ ...tokens(cost), upstreamTokens });

  function start() {
    const clock = settableClock(START_MS);
    const global = memoryLedger({ clock });
    const ledger = new EscrowLedger(global, [memoryLedger({ clock })], { share: SHARE, clock });
    /** What all parts have used and hold, without the chunks of the leased limit. */
    const standing = async () => {
      const [first, , last] = await ledger.read(mixed);
      return [first, last].map((balance) => [balance?.used, balance?.held]);
    };
    return { ledger, global, standing };
  }

  it.each<[string, number, Amounts]>([
    ['the shared rate denies', 2, costing(1, 31)],
    ['the leased limit denies', 1, costing(LIMIT + 1, 1)],
    ['the own limit denies', 0, costing(41, 1)],
  ])('It takes nothing if %s, and its id can be used again', async (_name, place, held) => {
    const { ledger, standing } = start();
    const decision = await ledger.reserve('call', mixed, held, DISPATCHED);
    expect(decision).toMatchObject({ granted: false, violations: [{ claim: place }] });
    expect(decision.balances).toMatchObject(mixed.map(() => ({ used: 0 })));
    expect(await standing()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(await ledger.settle('call', held)).toBe('unknown');
    const next = await ledger.reserve('call', mixed, costing(40, 30), DISPATCHED);
    expect(next.granted).toBe(true);
    expect(await standing()).toEqual([
      [0, 40],
      [30, 0],
    ]);
    expect(await ledger.settle('call', costing(25, 30))).toBe('done');
    expect(await standing()).toEqual([
      [25, 0],
      [30, 0],
    ]);
    await ledger.close();
  });

  it('A denied reserve leaves all of a chunk to the next call', async () => {
    const { ledger, global } = start();
    for (const [index, held] of [costing(1, 31), costing(41, 1)].entries()) {
      const denied = await ledger.reserve(`denied-${index}`, mixed, held, DISPATCHED);
      expect(denied.granted).toBe(false);
    }
    await ledger.reserve('all', [globalClaim()], costing(CHUNK, 0), DISPATCHED);
    expect(await global.read([globalClaim()])).toMatchObject([{ used: 0, held: CHUNK }]);
    await ledger.close();
  });

  it('If a shard fails, a release of the call gives its shared rate back', async () => {
    const clock = settableClock(START_MS);
    const shard = Object.assign(watchedLedger(memoryLedger({ clock })), {
      reserve: () => Promise.reject(new LedgerError('lost')),
    });
    const ledger = new EscrowLedger(memoryLedger({ clock }), [shard], { clock });
    const reserved = ledger.reserve('call', mixed, costing(1, 20), DISPATCHED);
    await expect(reserved).rejects.toThrow('lost');
    await ledger.release('call');
    expect(await ledger.read(mixed)).toMatchObject([{ used: 0 }, { used: 0 }, { used: 0 }]);
    await ledger.close();
  });
});

function processes(global: Ledger, clock = settableClock(START_MS)) {
  // A process that closes its ledger must not close the store of the others.
  const shared = Object.assign(watchedLedger(global), { close: async () => {} });
  const start = () => new EscrowLedger(shared, [memoryLedger({ clock })], { share: SHARE, clock });
  return Array.from({ length: PROCESSES }, start);
}

describe('The global limit, leased in chunks', () => {
  it('The global limit is never exceeded, and unused parts of chunks are given back', async () => {
    const call = fc.record({
      process: fc.nat(PROCESSES - 1),
      cost: fc.integer({ min: 1, max: 150 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      waits: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 150, maxLength: 300 }), async (calls) => {
        const global = memoryLedger();
        const ledgers = processes(global);
        let used = 0;
        const open: (() => Promise<unknown>)[] = [];
        for (const [index, { process, cost, part, waits }] of calls.entries()) {
          const ledger = ledgers[process];
          const id = `call-${index}`;
          const decision = await ledger?.reserve(id, [globalClaim()], tokens(cost), DISPATCHED);
          const [standing] = await global.read([globalClaim()]);
          expect((standing?.used ?? 0) + (standing?.held ?? 0)).toBeLessThanOrEqual(LIMIT);
          if (decision?.granted !== true) continue;
          const actual = Math.ceil(cost * part);
          used += actual;
          const settle = async () => ledger?.settle(id, tokens(actual));
          if (waits) open.push(settle);
          else await settle();
        }
        await Promise.all(open.map((settle) => settle()));
        await Promise.all(ledgers.map((ledger) => ledger.close()));
        const [end] = await global.read([globalClaim()]);
        expect(end).toMatchObject({ used, held: 0 });
        expect(used).toBeLessThanOrEqual(LIMIT);
      }),
      { numRuns: 40 },
    );
  });

  it('The global limit is used up except for the unused parts of the chunks of other processes', async () => {
    const ledgers = processes(memoryLedger());
    const served = async (ledger: Ledger | undefined, name: string) => {
      let count = 0;
      while (
        (await ledger?.reserve(`${name}-${count}`, [globalClaim()], tokens(1), DISPATCHED))?.granted
      ) {
        await ledger?.settle(`${name}-${count}`, tokens(1));
        count += 1;
      }
      return count;
    };
    const [first, second, ...others] = ledgers;
    for (const ledger of others) await served10(ledger);
    const total = (await served(first, 'first')) + (await served(second, 'second'));
    const unused = others.length * (CHUNK - 10);
    expect(total + others.length * 10).toBe(LIMIT - unused);
  });

  it('A leased chunk serves many calls with one request to the store', async () => {
    const global = watchedLedger();
    const [ledger] = processes(global);
    for (let index = 0; index < 1_000; index += 1) {
      await ledger?.reserve(`${index}`, [globalClaim()], tokens(1), DISPATCHED);
      await ledger?.settle(`${index}`, tokens(1));
    }
    expect(global.endings.size).toBe(1_000 / CHUNK);
  });

  it('The global limit stays charged with the chunk of a process that died', async () => {
    const clock = settableClock(START_MS);
    const global = memoryLedger({ clock });
    const [dead, other] = processes(global, clock);
    await dead?.reserve('call', [globalClaim()], tokens(1), DISPATCHED);
    clock.set(START_MS + 120_000);
    await other?.reserve('call', [globalClaim()], tokens(1), DISPATCHED);
    expect((await global.read([globalClaim()]))[0]).toMatchObject({ used: CHUNK, held: CHUNK });
  });

  it('A call counts in all of its global limits, whichever limits the call before it had', async () => {
    const [ledger] = processes(memoryLedger());
    const few = claim({ ...lasting(3), key: 'few' }, GLOBAL);
    const both = [globalClaim(), few];
    const answers: unknown[] = [];
    for (const id of ['a', 'b', 'c', 'd']) {
      await ledger?.reserve(`other-${id}`, [globalClaim()], tokens(1), DISPATCHED);
      answers.push(await ledger?.reserve(id, both, tokens(1), DISPATCHED));
    }
    expect(answers).toMatchObject([
      { granted: true },
      { granted: true },
      { granted: true },
      { granted: false, violations: [{ claim: 1 }] },
    ]);
    await ledger?.close();
  });

  it('A global shadow limit reports each call that it would deny', async () => {
    const [ledger] = processes(memoryLedger());
    const shadow = claim({ ...lasting(1), key: 'shadow', shadow: true }, GLOBAL);
    const claims = [globalClaim(), shadow];
    const reserve = (id: string) => ledger?.reserve(id, claims, tokens(1), DISPATCHED);
    expect(await reserve('first')).not.toHaveProperty('wouldDeny');
    expect(await reserve('second')).toMatchObject({ granted: true, wouldDeny: [{ claim: 1 }] });
    await ledger?.close();
  });

  it('Escrow counts calls in flight and rejects windows that it cannot keep exactly', async () => {
    const [ledger] = processes(memoryLedger());
    const places = claim(concurrent(3), GLOBAL);
    const held = amounts({ concurrent: 1 });
    const granted: boolean[] = [];
    for (const id of ['a', 'b', 'c', 'd']) {
      granted.push((await ledger?.reserve(id, [places], held, DISPATCHED))?.granted === true);
    }
    expect(granted).toEqual([true, true, true, false]);
    await ledger?.release('b');
    expect((await ledger?.reserve('e', [places], held, DISPATCHED))?.granted).toBe(true);
    const any24Hours = claim(rolling(10), GLOBAL);
    await expect(ledger?.reserve('f', [any24Hours], tokens(1), DISPATCHED)).rejects.toThrow(
      /calendar period/,
    );
  });
});

async function served10(ledger: Ledger): Promise<void> {
  for (let index = 0; index < 10; index += 1) {
    await ledger.reserve(`ten-${index}`, [globalClaim()], tokens(1), DISPATCHED);
    await ledger.settle(`ten-${index}`, tokens(1));
  }
}

it('A chunk gets back what a call held and did not use', () => {
  const chunk = new Chunk('id', [globalClaim()], tokens(10), { balances: [], endsAtMs: 1 });
  expect(chunk.take(tokens(8))).toBe(true);
  expect(chunk.take(tokens(3))).toBe(false);
  chunk.end(tokens(8), tokens(5));
  expect(chunk.take(tokens(6))).toBe(false);
  expect(chunk.take(tokens(5))).toBe(true);
  expect(chunk.used).toEqual(amounts({ tokens: 5 }));
});

const binary = redisBinary();
const cluster = binary === undefined ? [] : await startRedisCluster(binary);
afterAll(() => Promise.all(cluster.map((server) => server.close())));

describe.skipIf(binary === undefined)('Escrow on a real Redis Cluster', () => {
  it('Escrow does not exceed the global limit with users on all nodes of a Redis Cluster', async () => {
    const open = clusterLibraries['ioredis 6, Cluster'];
    const connected = await open?.(cluster[0]?.port ?? 0);
    if (connected === undefined) throw new Error('There is no such client.');
    const ledger = freshLedger(connected.client, { globalBudget: 'escrow', deadlineMs: 10_000 });
    const calls = Array.from({ length: 600 }, async (_, index) => {
      const claims = [claim(lasting(100), `user:${index % 100}`), globalClaim()];
      const decision = await ledger.reserve(`${index}`, claims, tokens(20), DISPATCHED);
      if (decision.granted) await ledger.settle(`${index}`, tokens(20));
      return decision.granted;
    });
    const served = (await Promise.all(calls)).filter(Boolean).length;
    // 100 users have room for 5 calls each, and the global limit has room for 500.
    expect(served).toBe(500);
    await ledger.close();
    connected.end();
  });
});
