import type { Clock } from '../../../src/base/clock.ts';
import { LedgerError } from '../../../src/core/errors.ts';
import { assertAmounts } from '../../../src/ledger/amounts.ts';
import { Account } from '../../../src/ledger/counting/account.ts';
import { type Ending, Hold } from '../../../src/ledger/counting/hold.ts';
import { Part, type Phase, type StoredPart } from '../../../src/ledger/counting/part.ts';
import type { Tables } from '../../../src/ledger/counting/tables.ts';
import { Verbs } from '../../../src/ledger/counting/verbs.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';

/** What a remote store would keep, as strings. */
interface Rows {
  readonly accounts: Map<string, string>;
  readonly holds: Map<string, string>;
  /** When the lease of each live hold ends. */
  readonly due: Map<string, number>;
  readonly credits: Set<string>;
}

interface HoldRow {
  readonly id: string;
  readonly parts: readonly StoredPart[];
  readonly dispatched: boolean;
  readonly expiresAtMs: number;
  readonly phase: Phase;
  readonly ending?: Ending;
}

class Missing extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`the account "${key}" was not fetched`);
    this.key = key;
  }
}

/** The tables of one transaction: what was fetched for it and what is written at its end. */
class Workspace implements Tables {
  readonly #rows: Rows;
  readonly #fetched: Map<string, Account>;
  readonly #holds = new Map<string, Hold>();
  readonly #changed = new Set<Hold>();
  readonly #given = new Set<string>();

  constructor(rows: Rows, keys: ReadonlySet<string>) {
    this.#rows = rows;
    this.#fetched = new Map([...keys].map((key) => [key, accountOf(rows.accounts.get(key))]));
  }

  readonly accounts: Tables['accounts'] = {
    find: (key) => {
      const account = this.#fetched.get(key);
      if (account === undefined) throw new Missing(key);
      return account;
    },
    keep: (key) => {
      const account = this.#fetched.get(key);
      if (account === undefined) throw new Missing(key);
      account.isKept = true;
      return account;
    },
  };
  readonly holds: Tables['holds'] = {
    find: (id) => this.#hold(id),
    add: (hold) => {
      this.#holds.set(hold.id, hold);
      this.#changed.add(hold);
    },
    renewed: (hold) => this.#changed.add(hold),
    expired: (hold) => this.#changed.add(hold),
    ended: (hold) => this.#changed.add(hold),
    nextExpired: (nowMs) => {
      const due = [...this.#rows.due].filter(([, dueMs]) => dueMs <= nowMs);
      const ids = due.sort(([, a], [, b]) => a - b).map(([id]) => id);
      return ids.map((id) => this.#hold(id)).find((hold) => hold !== undefined && isLive(hold));
    },
  };
  readonly credits: Tables['credits'] = {
    has: (id) => this.#rows.credits.has(id),
    add: (id) => this.#given.add(id),
  };

  write(): void {
    for (const [key, { isKept, numbers, live }] of this.#fetched) {
      if (isKept) this.#rows.accounts.set(key, JSON.stringify({ numbers, live }));
    }
    for (const hold of this.#changed) {
      this.#rows.holds.set(hold.id, JSON.stringify(hold));
      if (isLive(hold)) this.#rows.due.set(hold.id, hold.expiresAtMs);
      else this.#rows.due.delete(hold.id);
    }
    for (const id of this.#given) this.#rows.credits.add(id);
  }

  #hold(id: string): Hold | undefined {
    const row = this.#rows.holds.get(id);
    const hold = this.#holds.get(id) ?? (row === undefined ? undefined : holdOf(row));
    if (hold !== undefined) this.#holds.set(id, hold);
    return hold;
  }
}

const isLive = ({ phase, ending }: Hold): boolean => phase === 'held' && ending === undefined;

function accountOf(row: string | undefined): Account {
  if (row === undefined) return new Account();
  const { numbers, live } = JSON.parse(row) as Pick<Account, 'numbers' | 'live'>;
  return new Account(numbers, live);
}

function holdOf(row: string): Hold {
  const { id, parts, dispatched, expiresAtMs, phase, ending } = JSON.parse(row) as HoldRow;
  const hold = new Hold(id, parts.map(Part.from), dispatched, expiresAtMs, phase);
  hold.ending = ending;
  return hold;
}

/**
 * The verbs as a remote store runs them: on rows that are fetched first and written afterwards. A
 * verb that needs an account that was not fetched leaves no trace and runs again with it.
 */
export function workspaceLedger({ clock }: { readonly clock: Clock }): Ledger {
  const rows: Rows = { accounts: new Map(), holds: new Map(), due: new Map(), credits: new Set() };
  const store = memoryLedger({ clock });
  let latestMs = 0;
  let isClosed = false;
  const transact = async <Value>(work: (verbs: Verbs, nowMs: number) => Value): Promise<Value> => {
    if (isClosed) throw new LedgerError('the ledger is closed');
    latestMs = Math.max(latestMs, clock.nowMs());
    for (const keys = new Set<string>(); ; ) {
      const workspace = new Workspace(rows, keys);
      const verbs = new Verbs(workspace);
      try {
        verbs.expire(latestMs);
        const answer = work(verbs, latestMs);
        workspace.write();
        return answer;
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        keys.add(error.key);
      }
    }
  };
  return {
    records: store.records,
    async reserve(id, claims, held, lease) {
      assertAmounts(held);
      return transact((verbs, nowMs) => verbs.reserve(id, claims, held, lease, nowMs));
    },
    async settle(id, used) {
      assertAmounts(used);
      return transact((verbs, nowMs) => verbs.settle(id, used, nowMs));
    },
    release: (id, options) => transact((verbs, nowMs) => verbs.release(id, options, nowMs)),
    renew: (id, lease) => transact((verbs, nowMs) => verbs.renew(id, lease, nowMs)),
    read: (claims) => transact((verbs, nowMs) => verbs.read(claims, nowMs)),
    credit: (id, claims, amounts) =>
      transact((verbs, nowMs) => verbs.credit(id, claims, amounts, nowMs)),
    async close() {
      isClosed = true;
      await store.close();
    },
  };
}
