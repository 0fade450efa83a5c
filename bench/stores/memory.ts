import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { type Call, inProcessCycleOf, UNLIMITED, USERS, userOf } from './cycle.ts';
import { type LedgerSource, loadLedgers } from './ledger-source.ts';
import type { Store } from './store.ts';
import { unionOfFive } from './union-of-five.ts';

const SIX_LIMITS = { own: 5, withGlobal: true };

const ledgerOf = ({ memoryLedger }: LedgerSource): Ledger =>
  memoryLedger({ maxAccounts: 2_000_000 });

/** The memory ledger, compared with a Map and a union of five limiters. */
export const memoryStore: Store = {
  name: 'memory',
  inFlight: [1],
  variants: { '': SIX_LIMITS },
  start: async () => ({
    newPlace: async () => '',
    cpuUs: () => undefined,
    bytesIn: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  }),
  ledgerIn: async (_, source) => ledgerOf(source),
  peers: {
    'one awaited Map counter': async () => mapCounter(),
    'in process': async () => {
      const source = await loadLedgers(undefined);
      return inProcessCycleOf(source, ledgerOf(source), { ...SIX_LIMITS, users: USERS });
    },
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
