import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Call } from './cycle.ts';
import type { LedgerSource } from './ledger-source.ts';

export type StoreName = 'memory' | 'sqlite' | 'redis' | 'postgres';

/** A store for ledgers, and other ways to count in it. */
export interface Store {
  readonly name: StoreName;
  /** The numbers of concurrent calls that it is measured with. */
  readonly inFlight: readonly number[];
  /** The limits of a cycle, by the name of the variant; see `CycleSettings`. */
  readonly variants: Readonly<Record<string, { own: number; withGlobal: boolean }>>;
  /** Starts its own server. Returns `undefined`, after a printed notice, if this machine has none. */
  start(): Promise<StoreServer | undefined>;
  /** Returns a ledger that counts in this place. */
  ledgerIn(place: string, source: LedgerSource): Promise<Ledger>;
  /** Other ways to count a call, by name. */
  readonly peers: Readonly<Record<string, (place: string) => Promise<Call>>>;
}

export interface StoreServer extends AsyncDisposable {
  /** Returns an address where nothing has been counted yet. */
  newPlace(): Promise<string>;
  /** Returns the server's CPU time so far, in µs, or `undefined` if there is no server or no such figure. */
  cpuUs(): number | undefined;
  /** Returns the stored bytes, or `undefined` if the store is in the worker's own memory. */
  bytesIn(place: string): Promise<number | undefined>;
}

/** Five limits, all of the user's own, or one of them global. */
export const FIVE_LIMITS = {
  '': { own: 5, withGlobal: false },
  ', global': { own: 4, withGlobal: true },
} as const;
