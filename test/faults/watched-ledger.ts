import { type Ledger, memoryLedger } from '../../src/index.ts';

type Verb = 'reserve' | 'settle' | 'release' | 'renew' | 'records.get';
type Fault = () => Promise<never>;

export interface WatchedLedger extends Ledger {
  /** How each granted hold of a call ended, by id. An empty list means that it is still open. */
  readonly endings: ReadonlyMap<string, readonly ('settle' | 'release')[]>;
  readonly renewals: { readonly id: string; readonly dispatched: boolean }[];
  /** A verb with a fault does only what the fault does. */
  readonly faults: Map<Verb, Fault>;
  /** The next grant takes effect, but its reply is lost. */
  loseNextReserveReply: boolean;
}

/** What an upstream counts is held for so long; no call owns it. */
const CAPACITY_LEASE_MS = 1_000;

/** A ledger that records how every hold ended, with configurable faults. */
export function watchedLedger(ledger: Ledger = memoryLedger()): WatchedLedger {
  const endings = new Map<string, ('settle' | 'release')[]>();
  const faults = new Map<Verb, Fault>();
  const renewals: WatchedLedger['renewals'] = [];
  const orFault = <T>(verb: Verb, work: () => Promise<T>): Promise<T> =>
    (faults.get(verb) ?? work)();
  const end = <T>(id: string, how: 'settle' | 'release', work: () => Promise<T>) =>
    orFault(how, () => {
      endings.get(id)?.push(how);
      return work();
    });
  const watched: WatchedLedger = {
    endings,
    renewals,
    faults,
    loseNextReserveReply: false,
    records: {
      get: (key) => orFault('records.get', () => ledger.records.get(key)),
      put: (...args) => ledger.records.put(...args),
      delete: (key) => ledger.records.delete(key),
      list: (...args) => ledger.records.list(...args),
      watch: (listener) => ledger.records.watch(listener),
    },
    reserve: (id, ...rest) =>
      orFault('reserve', async () => {
        const decision = await ledger.reserve(id, ...rest);
        const [, , { durationMs }] = rest;
        if (decision.granted && durationMs > CAPACITY_LEASE_MS) endings.set(id, []);
        if (!watched.loseNextReserveReply) return decision;
        watched.loseNextReserveReply = false;
        throw new Error('connection lost');
      }),
    settle: (id, used) => end(id, 'settle', () => ledger.settle(id, used)),
    release: (id, options) => end(id, 'release', () => ledger.release(id, options)),
    renew: (id, lease) => {
      renewals.push({ id, dispatched: lease.dispatched });
      return orFault('renew', () => ledger.renew(id, lease));
    },
    read: (claims) => ledger.read(claims),
    credit: (...args) => ledger.credit(...args),
    close: () => ledger.close(),
  };
  return watched;
}

/** The endings of all holds so far, in the order of their grants. */
export function allEndings(ledger: WatchedLedger): (readonly string[])[] {
  return [...ledger.endings.values()];
}
