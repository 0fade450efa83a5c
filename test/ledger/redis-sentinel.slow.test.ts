import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { claim, DISPATCHED, daily, tokens } from '../../src/testing/ledger-conformance/case.ts';
import { lasting } from './race/lasting.ts';
import { freshLedger } from './servers/redis-clients.ts';
import { redisBinary, startSentinel } from './servers/redis-server.ts';

const binary = redisBinary();

describe.skipIf(binary === undefined)('Redis behind a sentinel', () => {
  it('Counting continues where it was after the master is gone and its replica was promoted', async () => {
    await using sentinel = await startSentinel(binary ?? '');
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
    const redis = new Redis({ sentinels, name: 'main', sentinelRetryStrategy: () => 50 });
    redis.on('error', () => {});
    const ledger = freshLedger(redis);
    const claims = [claim(lasting(9), 'user:ada'), claim(daily(1_000), 'global')];
    await ledger.reserve('one', claims, tokens(5), DISPATCHED);
    expect(await ledger.settle('one', tokens(5))).toBe('done');
    await ledger.reserve('two', claims, tokens(3), DISPATCHED);
    // A failover loses what the replica has not received. This replica has received everything.
    await expect.poll(() => redis.wait(1, 1_000)).toBe(1);

    await sentinel.master.close();
    const used = async () => {
      const [balance] = await ledger.read(claims).catch(() => []);
      return balance && [balance.used, balance.held];
    };
    await expect.poll(used).toEqual([5, 3]);
    expect(await ledger.settle('two', tokens(4))).toBe('done');
    expect(await ledger.settle('one', tokens(5))).toBe('replayed');
    expect(await ledger.reserve('three', claims, tokens(1), DISPATCHED)).toMatchObject({
      granted: false,
    });
    expect(await used()).toEqual([9, 0]);
    redis.disconnect();
  });
});
