import type { RedisDriver } from './driver.ts';
import { script } from './script.ts';

const PROBE = script(`return redis.pcall('TIME').err and 'refused' or 'told'`);

/** Says once what makes this server less than exact. Nothing is said where it cannot be found out. */
export function warnOfRedis(driver: RedisDriver, namespace: string): void {
  warnOfEviction(driver).catch(() => {});
  warnOfClock(driver, `{${namespace}}:clock`).catch(() => {});
}

/** Whoever may evict a counter forgives what was used. */
async function warnOfEviction(driver: RedisDriver): Promise<void> {
  const text = await driver.info('memory');
  const policy = /maxmemory_policy:(\S+)/.exec(text ?? '')?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  process.emitWarning(
    `Redis may evict counters (maxmemory-policy ${policy}), and with them what was used: set it to noeviction`,
    { code: 'GUARD_REDIS_EVICTION' },
  );
}

async function warnOfClock(driver: RedisDriver, key: string): Promise<void> {
  if ((await driver.run(PROBE, [key], [])) !== 'refused') return;
  process.emitWarning(
    'Redis does not tell scripts its time, so the latest clock of the backends counts: keep them right, or allow TIME',
    { code: 'GUARD_REDIS_CLOCK' },
  );
}
