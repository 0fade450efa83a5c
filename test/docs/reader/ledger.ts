import { type Ledger, LedgerError, memoryLedger } from 'guarded-completion';

/** Whether the store of `ledger` fails now. The test changes it. */
export const store = { fails: false };

const inner = memoryLedger();

const failing = async () => {
  throw new LedgerError('connection refused');
};

/** To a guard this looks like a ledger on another machine. */
export const ledger: Ledger = new Proxy(inner, {
  get(target, name) {
    if (name === 'inProcess') return undefined;
    const value: unknown = Reflect.get(target, name);
    if (typeof value !== 'function') return value;
    return store.fails && name !== 'close' ? failing : value.bind(target);
  },
});
