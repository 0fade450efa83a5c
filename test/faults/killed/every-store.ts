import { type Ledger, memoryLedger } from '../../../src/index.ts';
import { openPlace } from './place.ts';
import type { Stores } from './stores.ts';

/** A store, for `describe.each`. */
export interface StoreRow {
  readonly store: string;
  /** Returns an empty ledger, and what closes it with all that it uses. */
  open(): Promise<{ readonly ledger: Ledger; close(): unknown }>;
}

/** The memory ledger, and each store that this machine has. */
export function everyStore({ fresh }: Stores): readonly StoreRow[] {
  const rows = Object.entries(fresh).map(([store, freshPlace]) => ({
    store,
    async open() {
      const place = await openPlace(freshPlace());
      return { ledger: place.ledger, close: () => place[Symbol.asyncDispose]() };
    },
  }));
  const ofMemory = async () => ({ ledger: memoryLedger(), close: () => {} });
  return [{ store: 'memory', open: ofMemory }, ...rows];
}
