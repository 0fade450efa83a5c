import { Redis } from 'ioredis';
import { redisLedger } from '../../../src/ledger/redis/redis-ledger.ts';
import type { OpenLedger } from './race.ts';

export const openLedger: OpenLedger = async (port, namespace = '') => {
  const client = new Redis(Number(port));
  return redisLedger(client, { namespace, deadlineMs: 20_000 });
};
