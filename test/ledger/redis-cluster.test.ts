import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import {
  claim,
  concurrent,
  DISPATCHED,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { lasting } from './race/lasting.ts';
import { clusterLibraries } from './servers/redis-clients.ts';
import { redisBinary, startRedisCluster } from './servers/redis-server.ts';

const binary = redisBinary();
const cluster = binary === undefined ? [] : await startRedisCluster(binary);
const nodes = cluster.map(({ port }) => new Redis(port, { retryStrategy: () => 20 }));
afterAll(async () => {
  for (const node of nodes) node.disconnect();
  await Promise.all(cluster.map((server) => server.close()));
});

const MOVES = 4;
const WORKERS = 8;
const BATCHES_PER_MOVE = 15;
/**
 * The pause between two batches of keys, so that calls meet a slot that is split over two nodes.
 */
const BATCH_PAUSE_MS = 5;
const MOVE_PAUSE_MS = 60;
const CLAIMS = [claim(lasting(1e9), 'user:ada'), claim(concurrent(1e6), 'global')];

const ask = (redis: Redis, ...parts: string[]): Promise<unknown> => redis.call('CLUSTER', parts);

/** The nodes, the owner of the slot first. */
async function ownerFirst(slot: string): Promise<Redis[]> {
  const counts = await Promise.all(nodes.map((redis) => ask(redis, 'COUNTKEYSINSLOT', slot)));
  const owner = counts.findIndex((count) => Number(count) > 0);
  return [...nodes.slice(owner), ...nodes.slice(0, owner)];
}

/** Moves a slot to the next node, as `redis-cli --cluster reshard` does. */
async function moveSlot(slot: string): Promise<void> {
  const [from, to, other] = await ownerFirst(slot);
  if (!from || !to || !other) throw new Error('The Cluster has three nodes.');
  const toId = String(await ask(to, 'MYID'));
  await ask(to, 'SETSLOT', slot, 'IMPORTING', String(await ask(from, 'MYID')));
  await ask(from, 'SETSLOT', slot, 'MIGRATING', toId);
  const batch = Math.ceil(Number(await ask(from, 'COUNTKEYSINSLOT', slot)) / BATCHES_PER_MOVE);
  for (;;) {
    const keys = (await ask(from, 'GETKEYSINSLOT', slot, `${batch}`)) as string[];
    if (keys.length === 0) break;
    await from.call('MIGRATE', '127.0.0.1', `${to.options.port}`, '', '0', '5000', 'KEYS', ...keys);
    await sleep(BATCH_PAUSE_MS);
  }
  for (const node of [to, from, other]) await ask(node, 'SETSLOT', slot, 'NODE', toId);
}

/** Makes one call after another until `isOver`. Returns how many tokens were settled. */
async function work(ledger: Ledger, name: string, isOver: () => boolean): Promise<number> {
  let settled = 0;
  for (let call = 0; !isOver(); call += 1) {
    const id = `${name}-${call}`;
    const { granted } = await ledger.reserve(id, CLAIMS, tokens(5), DISPATCHED);
    expect(granted).toBe(true);
    expect(await ledger.settle(id, tokens(3))).toBe('done');
    settled += 3;
  }
  return settled;
}

describe.skipIf(binary === undefined).each(Object.entries(clusterLibraries))(
  'A slot that moves from node to node under load (%s)',
  (library, open) => {
    it('A moving slot fails no call, counts none twice and forgets none', {
      timeout: 60_000,
    }, async () => {
      const { client, end } = await open(cluster[0]?.port ?? 0);
      const namespace = `moved-${library.replace(/\W/g, '')}`;
      const ledger = redisLedger(client, { namespace, deadlineMs: 10_000 });
      await ledger.records.put('user:ada', 'blocked');
      const slot = String(await nodes[0]?.call('CLUSTER', 'KEYSLOT', `{${namespace}}:`));
      const [home] = await ownerFirst(slot);
      let isOver = false;
      const names = Array.from({ length: WORKERS }, (_, index) => `worker${index}`);
      const working = Promise.all(names.map((name) => work(ledger, name, () => isOver)));
      const moving = (async () => {
        for (let move = 0; move < MOVES; move += 1) {
          await sleep(MOVE_PAUSE_MS);
          await moveSlot(slot);
        }
      })().finally(() => {
        isOver = true;
      });
      const [settled] = await Promise.all([working, moving]);
      expect((await ownerFirst(slot))[0]).not.toBe(home);
      const sum = settled.reduce((one, other) => one + other, 0);
      expect((await ledger.read(CLAIMS)).map(({ used, held }) => [used, held])).toEqual([
        [sum, 0],
        [0, 0],
      ]);
      expect(await ledger.records.get('user:ada')).toEqual({ value: 'blocked', version: 1 });
      console.info(`${library}: ${sum / 3} calls`);
      await ledger.close();
      end();
    });
  },
);
