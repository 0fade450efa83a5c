import type { Amounts, Claim, Ledger } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';

export interface SpiedLedger extends Ledger {
  /** How often each method was called, including those of the records. */
  readonly counts: Map<string, number>;
  readonly reserved: { readonly claims: readonly Claim[]; readonly held: Amounts }[];
  /** Everything that was ever written, as a thief of the store would find it. */
  dump(): string;
}

/** A ledger that remembers its calls and passes them on to `ledger`. */
export function spiedLedger(ledger: Ledger = memoryLedger()): SpiedLedger {
  const counts = new Map<string, number>();
  const written: unknown[] = [];
  const reserved: SpiedLedger['reserved'] = [];
  const spy = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get(owner, name, self) {
        const value = Reflect.get(owner, name, self) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
          if (name !== 'watch') written.push([name, ...args]);
          if (name === 'reserve') {
            reserved.push({ claims: args[1] as Claim[], held: args[2] as Amounts });
          }
          return (value as (...all: unknown[]) => unknown).apply(owner, args);
        };
      },
    });
  const records = spy(ledger.records);
  return Object.assign(spy({ ...bound(ledger), records }), {
    counts,
    reserved,
    dump: () => JSON.stringify(written),
  });
}

function bound(ledger: Ledger): Omit<Ledger, 'records'> {
  return {
    reserve: (...args) => ledger.reserve(...args),
    settle: (...args) => ledger.settle(...args),
    release: (...args) => ledger.release(...args),
    renew: (...args) => ledger.renew(...args),
    read: (...args) => ledger.read(...args),
    credit: (...args) => ledger.credit(...args),
    close: () => ledger.close(),
  };
}
