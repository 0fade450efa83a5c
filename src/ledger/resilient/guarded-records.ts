import { ANY_KEY, type Records } from '../records.ts';
import type { StoreHealth } from './store-health.ts';

export interface GuardedRecords extends Records {
  /** Calls every listener because any key may have changed. */
  tellAll(): void;
}

/** What an operator asks for may take longer than a call may wait. */
const OPERATOR_DEADLINE_MS = 2_000;

/** Records whose every read ends within the deadline. An operator's writes and lists are always tried, even
 * if the store is known to fail: a block must get through if it can. */
export function guardRecords(records: Records, health: StoreHealth): GuardedRecords {
  const listeners = new Set<Parameters<Records['watch']>[0]>();
  return {
    get: (key) => health.ask(() => records.get(key)),
    put: (...args) => health.try(() => records.put(...args), OPERATOR_DEADLINE_MS),
    delete: (key) => health.try(() => records.delete(key), OPERATOR_DEADLINE_MS),
    list: (...args) => health.try(() => records.list(...args), OPERATOR_DEADLINE_MS),
    watch(listener) {
      const tell = (key: string, version?: number) => listener(key, version);
      listeners.add(tell);
      const unwatch = records.watch(tell);
      return () => {
        listeners.delete(tell);
        unwatch();
      };
    },
    tellAll() {
      for (const tell of listeners) tell(ANY_KEY);
    },
  };
}
