import { LRUCache } from 'lru-cache';
import { type Ending, Hold } from '../counting/hold.ts';
import { Part, type Phase, type StoredPart } from '../counting/part.ts';
import type { CreditTable, HoldTable } from '../counting/tables.ts';
import type { Row } from './driver.ts';

/** The parts of the holds of this process, so that only those of other processes are parsed. */
export type KnownParts = LRUCache<string, readonly Part[]>;
/** More than are in flight at once. Those beyond are parsed, too. */
const KNOWN_MAX = 5_000;
export const knownParts = (): KnownParts => new LRUCache({ max: KNOWN_MAX });

/** How a row stores the state of a hold. */
const PHASES: readonly Phase[] = ['held', 'charged', 'freed'];
const ENDINGS: readonly Ending[] = ['settled', 'released'];
export const CREDIT = PHASES.length + ENDINGS.length;

/** The holds and credits of one transaction: rows that it has locked, and those that it makes. */
export class RowHolds implements HoldTable {
  readonly added = new Map<string, Hold>();
  readonly changed = new Map<string, Hold>();
  readonly credited: string[] = [];
  readonly credits: CreditTable = {
    has: (id) => this.#found.has(id),
    add: (id) => this.credited.push(id),
  };
  readonly #known: KnownParts;
  readonly #found = new Map<string, Hold | Ending>();
  #due: Hold[] | undefined;

  constructor(known: KnownParts) {
    this.#known = known;
  }

  fetched(row: Row): void {
    const id = String(row['name']);
    const state = Number(row['state']);
    this.#found.set(id, ENDINGS[state - PHASES.length] ?? this.#holdOf(id, state, row));
  }

  find(id: string): Hold | Ending | undefined {
    return this.#found.get(id);
  }

  add(hold: Hold): void {
    this.#found.set(hold.id, hold);
    this.added.set(hold.id, hold);
  }

  renewed(hold: Hold): void {
    if (!this.added.has(hold.id)) this.changed.set(hold.id, hold);
  }

  expired(hold: Hold): void {
    this.renewed(hold);
  }

  ended(hold: Hold, ending: Ending): void {
    this.#found.set(hold.id, ending);
    this.renewed(hold);
  }

  nextExpired(nowMs: number): Hold | undefined {
    this.#due ??= this.#dueAt(nowMs);
    return this.#due.shift();
  }

  /** Must be called when everything has been written. */
  written(): void {
    for (const { id, parts, ending } of this.added.values()) {
      if (ending === undefined) this.#known.set(id, parts);
    }
    for (const { id, ending } of this.changed.values()) {
      if (ending !== undefined) this.#known.delete(id);
    }
  }

  #dueAt(nowMs: number): Hold[] {
    const isDue = (hold: Hold | Ending): hold is Hold =>
      hold instanceof Hold && hold.phase === 'held' && hold.expiresAtMs <= nowMs;
    const due = [...this.#found.values()].filter(isDue);
    return due.sort((a, b) => a.expiresAtMs - b.expiresAtMs);
  }

  #holdOf(id: string, state: number, row: Row): Hold {
    const parts = this.#known.get(id)?.map((part) => part.copy()) ?? partsIn(row['body']);
    return new Hold(
      id,
      parts,
      row['is_dispatched'] === true,
      Number(row['until_ms']),
      PHASES[state],
    );
  }
}

export function stateOf({ phase, ending }: Hold): number {
  return ending === undefined ? PHASES.indexOf(phase) : PHASES.length + ENDINGS.indexOf(ending);
}

/** A credit has no parts. */
function partsIn(text: unknown): Part[] {
  return typeof text === 'string' ? (JSON.parse(text) as StoredPart[]).map(Part.from) : [];
}
