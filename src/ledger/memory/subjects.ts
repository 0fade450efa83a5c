import type { Rule } from '../ledger.ts';
import {
  BUCKETS_FROM,
  blankRow,
  COUNTERS_FROM,
  IDLE_FROM_MS,
  LAYOUT_ID,
  NO_LAYOUT,
  numberAt,
  type Row,
} from './counter.ts';
import { type Layout, Layouts } from './layouts.ts';

/** The one row that all subjects share which come when there is no room for their own. */
export const OVERFLOW = Symbol('overflow');
export type SubjectKey = string | typeof OVERFLOW;

/** A new subject looks after this many old ones, so the table shrinks as fast as it grows. */
const SWEPT_PER_NEW_SUBJECT = 4;
const SWEPT_WHEN_FULL = 16;

/**
 * The rows of all subjects, at most `max` and the overflow; no subject that counts anything is dropped.
 * A verb seeks a subject and then reads `key`, `row` and `layout`: the claims of a call mostly name the
 * same subject many times in a row, so most of these look-ups cost nothing.
 */
export class Subjects {
  key: SubjectKey = OVERFLOW;
  /** `undefined` when the subject counts nothing yet. */
  row: Row | undefined;
  layout: Layout | undefined;
  readonly #max: number;
  readonly #rows = new Map<SubjectKey, Row>();
  readonly #layouts = new Layouts();
  #sweeper = this.#rows.entries();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Goes to where a subject counts: to its own row, or the overflow if it is new and the table full. */
  seek(subject: string): void {
    if (this.key === subject && this.row !== undefined) return;
    this.seekKey(subject);
    if (this.row === undefined && this.#rows.size >= this.#max) this.seekKey(OVERFLOW);
  }

  seekKey(key: SubjectKey): void {
    if (this.key === key && this.row !== undefined) return;
    this.#goTo(key, this.#rows.get(key));
  }

  /** Puts a row in the place of a smaller one, which is marked, since holds may still name it. */
  replace(key: SubjectKey, smaller: Row, row: Row): void {
    smaller[LAYOUT_ID] = NO_LAYOUT;
    this.#put(key, row);
  }

  /** Makes the row of `key` count all of `rules`. */
  extend(key: SubjectKey, rules: readonly Rule[], nowMs: number): void {
    this.seekKey(key);
    const { row, layout } = this;
    if (row === undefined || layout === undefined) {
      // Before the new row is there, since it counts nothing yet and would go at once.
      this.#sweep(key === OVERFLOW ? SWEPT_WHEN_FULL : SWEPT_PER_NEW_SUBJECT, nowMs);
      this.#put(key, newRow(this.#layouts.acquire([], rules)));
    } else {
      const wider = this.#layouts.acquire(layout.slots, rules);
      this.#layouts.release(layout);
      this.replace(key, row, widened(row, layout, wider));
    }
  }

  clear(): void {
    this.#rows.clear();
    this.#goTo(OVERFLOW, undefined);
  }

  #put(key: SubjectKey, row: Row): void {
    this.#rows.set(key, row);
    this.#goTo(key, row);
  }

  #goTo(key: SubjectKey, row: Row | undefined): void {
    this.key = key;
    this.row = row;
    this.layout = row && this.#layouts.get(numberAt(row, LAYOUT_ID));
  }

  #sweep(count: number, nowMs: number): void {
    for (let looked = 0; looked < count; looked += 1) {
      const next = this.#sweeper.next();
      if (next.done) {
        this.#sweeper = this.#rows.entries();
        return;
      }
      const [key, row] = next.value;
      if (this.#isIdle(row, nowMs)) this.#drop(key, row);
    }
  }

  #isIdle(row: Row, nowMs: number): boolean {
    if (numberAt(row, IDLE_FROM_MS) > nowMs) return false;
    const { slots } = this.#layouts.get(numberAt(row, LAYOUT_ID));
    return slots.every(({ at, counter: { heldAt } }) => {
      return heldAt < 0 || numberAt(row, at + heldAt) === 0;
    });
  }

  #drop(key: SubjectKey, row: Row): void {
    this.#rows.delete(key);
    this.#layouts.release(this.#layouts.get(numberAt(row, LAYOUT_ID)));
    row[LAYOUT_ID] = NO_LAYOUT;
    if (key === this.key) this.#goTo(key, undefined);
  }
}

function newRow(layout: Layout): Row {
  const row = blankRow(layout.width);
  row[LAYOUT_ID] = layout.id;
  row[BUCKETS_FROM] = layout.width;
  return row;
}

/** The same counts in a layout that has more slots behind those of the old one. */
function widened(row: Row, from: Layout, to: Layout): Row {
  const wider = newRow(to);
  wider[IDLE_FROM_MS] = numberAt(row, IDLE_FROM_MS);
  for (let index = COUNTERS_FROM; index < from.width; index += 1) {
    wider[index] = numberAt(row, index);
  }
  return wider.concat(row.slice(from.width));
}
