import type { GuardOptions } from '../../src/index.ts';
import { type FaultProxy, faultProxy } from '../../src/testing/fault-proxy.ts';
import { type Fixture, MODEL, startFixture } from '../fixture.ts';
import { type WatchedLedger, watchedLedger } from './watched-ledger.ts';

export interface Faulty extends Fixture {
  /** The proxy between the guard and OpenAI. */
  readonly proxy: FaultProxy;
  readonly ledger: WatchedLedger;
}

/** Limits with plenty of room, so that everything is counted. */
export const plans = {
  free: {
    models: [MODEL],
    maxOutputTokens: 100,
    limits: [
      { requests: 100_000, per: '24h' },
      { tokens: 100_000_000, per: '24h' },
      { concurrent: 1 },
    ],
  },
};

/** A guard that reaches its fake OpenAI through a proxy with configurable faults. */
export async function startFaulty(options: Partial<GuardOptions> = {}): Promise<Faulty> {
  const target = { host: '127.0.0.1', port: 0 };
  const proxy = await faultProxy(target);
  const ledger = watchedLedger();
  const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
  const fixture = await startFixture({ plans, ledger, baseURL, ...options });
  target.port = Number(new URL(fixture.fake.baseURL).port);
  return {
    ...fixture,
    proxy,
    ledger,
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]();
      await proxy.close();
    },
  };
}
