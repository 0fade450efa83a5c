import { type Ledger, LedgerError, memoryLedger } from '../../../src/index.ts';

/**
 * What the store does to a verb. With `reset`, `lost` and `late` the verb takes effect, but the
 * caller gets no reply in time.
 */
export type StoreFault = 'refused' | 'silent' | 'reset' | 'lost' | 'late' | 'slow';
type Verb = 'reserve' | 'settle' | 'release' | 'renew' | 'read' | 'credit' | 'get' | 'put';

export interface FaultyStore extends Ledger {
  /** Applies to every verb that has no fault of its own. */
  fault: StoreFault | undefined;
  readonly faults: Map<Verb, StoreFault>;
  /** The verbs that reached the store, in order, even while it is silent. */
  readonly heard: { readonly verb: Verb; readonly id: string }[];
  /** The store itself, without the faults. */
  readonly behind: Ledger;
  /** Makes everything that is `late` take effect and its reply arrive. */
  arrive(): void;
  slowMs: number;
  /** Whether change notices are lost. */
  deaf: boolean;
}

/** A real ledger in memory behind a connection with configurable faults. */
export function faultyStore(behind: Ledger = memoryLedger()): FaultyStore {
  let arrive = () => {};
  let arrival = new Promise<void>((resolve) => (arrive = resolve));
  const suffer = async <T>(verb: Verb, id: string, work: () => Promise<T>): Promise<T> => {
    store.heard.push({ verb, id });
    switch (store.faults.get(verb) ?? store.fault) {
      case 'refused':
        throw new LedgerError('connect ECONNREFUSED 10.0.0.7:6379');
      case 'silent':
        return new Promise<T>(() => {});
      case 'reset':
        await work();
        throw new Error('read ECONNRESET');
      case 'lost':
        await work();
        return new Promise<T>(() => {});
      case 'late':
        await arrival;
        return work();
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, store.slowMs));
        return work();
      default:
        return work();
    }
  };
  const store: FaultyStore = {
    behind,
    fault: undefined,
    faults: new Map(),
    heard: [],
    slowMs: 0,
    deaf: false,
    arrive() {
      arrive();
      arrival = new Promise((resolve) => (arrive = resolve));
    },
    records: {
      get: (key) => suffer('get', key, () => behind.records.get(key)),
      put: (key, ...rest) => suffer('put', key, () => behind.records.put(key, ...rest)),
      delete: (key) => suffer('put', key, () => behind.records.delete(key)),
      list: (prefix, ...rest) => suffer('get', prefix, () => behind.records.list(prefix, ...rest)),
      watch: (listener) => behind.records.watch((key) => store.deaf || listener(key)),
    },
    reserve: (id, ...rest) => suffer('reserve', id, () => behind.reserve(id, ...rest)),
    settle: (id, used) => suffer('settle', id, () => behind.settle(id, used)),
    release: (id, options) => suffer('release', id, () => behind.release(id, options)),
    renew: (id, lease) => suffer('renew', id, () => behind.renew(id, lease)),
    read: (claims) => suffer('read', '', () => behind.read(claims)),
    credit: (id, ...rest) => suffer('credit', id, () => behind.credit(id, ...rest)),
    close: () => behind.close(),
  };
  return store;
}
