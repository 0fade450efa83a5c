import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type Call, UNLIMITED, USERS, userOf } from './cycle.ts';
import type { Store } from './store.ts';
import { unionOfFive } from './union-of-five.ts';

/** The memory ledger, beside a Map and a union of five limiters. */
export const memoryStore: Store = {
  name: 'memory',
  inFlight: [1],
  variants: { '': { own: 5, withGlobal: true } },
  start: async () => ({
    newPlace: async () => '',
    cpuUs: () => undefined,
    bytesIn: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  }),
  ledgerIn: async (_, { memoryLedger }) => memoryLedger({ maxSubjects: 2_000_000 }),
  peers: {
    'one awaited Map counter': async () => mapCounter(),
    union: async () => unionOfFive((settings) => new RateLimiterMemory(settings)),
  },
};

function mapCounter(): Call {
  const used = new Map<string, number>();
  const users = Array.from({ length: USERS }, (_, user) => `user:${user}`);
  return async (index) => {
    const user = users[userOf(index)] ?? '';
    const next = (used.get(user) ?? 0) + 1;
    used.set(user, next);
    return next <= UNLIMITED;
  };
}
