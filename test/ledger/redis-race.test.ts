import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { race } from './race/race.ts';
import { redisBinary, startRedis } from './servers/redis-server.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

const MODULE = new URL('./race/redis-module.ts', import.meta.url);
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe.skipIf(server === undefined)('Four processes on one Redis', () => {
  const args = () => [`${server?.port}`, randomUUID()];

  it('Four processes on one Redis get exactly what is left of the global limit', {
    timeout: 60_000,
  }, async () => {
    const won = await race(MODULE, args(), { kind: 'reserve', calls: 400, room: 100 });
    expect(sum(won)).toBe(100);
  });

  it('Four processes on one Redis have one winner for each first write', {
    timeout: 60_000,
  }, async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    expect(sum(await race(MODULE, args(), { kind: 'create', keys }))).toBe(50);
  });
});
