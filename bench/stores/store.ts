import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Call } from './cycle.ts';
import type { LedgerSource } from './ledger-source.ts';

export type StoreName = 'memory' | 'sqlite' | 'redis' | 'postgres';

/** A store that ledgers are measured on, beside what else could count there. */
export interface Store {
  readonly name: StoreName;
  /** How many calls at once it is measured with. */
  readonly inFlight: readonly number[];
  /** Which limits a cycle has, by the name of the variant; see `CycleSettings`. */
  readonly variants: Readonly<Record<string, { own: number; withGlobal: boolean }>>;
  /** A server of its own; `undefined`, which has been said loudly, where this machine has none. */
  start(): Promise<StoreServer | undefined>;
  /** A ledger that counts in this place. */
  ledgerIn(place: string, source: LedgerSource): Promise<Ledger>;
  /** Other ways to count a call, by name. */
  readonly peers: Readonly<Record<string, (place: string) => Promise<Call>>>;
}

export interface StoreServer extends AsyncDisposable {
  /** An address where nothing has been counted yet. */
  newPlace(): Promise<string>;
  /** CPU time of the server so far, in µs; `undefined` where there is none, or it cannot be known. */
  cpuUs(): number | undefined;
  /** What is stored, in bytes; `undefined` for what a worker's own memory tells. */
  bytesIn(place: string): Promise<number | undefined>;
}

/** Five limits, all of the user's own, or one of them global. */
export const FIVE_LIMITS = {
  '': { own: 5, withGlobal: false },
  ', global': { own: 4, withGlobal: true },
} as const;
