import type { Rule } from '../ledger.ts';
import {
  BUCKETS_FROM,
  blankRow,
  COUNTERS_FROM,
  type Counter,
  type Row,
} from '../memory/counter.ts';

/** The same key of another kind or window counts apart. */
const slotOf = (rule: Rule): string =>
  `${rule.kind}/${rule.kind === 'rolling' ? rule.windowMs : ''}/${rule.key}`;

/** What one subject has used and holds: the numbers of each rule that ever counted on it. */
export class SubjectCounters {
  readonly subject: string;
  /** Shares of holds that count apart from what was used; a subject that has any is kept. */
  openShares: number;
  idleFromMs: number;
  isChanged = false;
  readonly #rows: Map<string, Row>;

  constructor(subject: string, counters = '{}', openShares = 0, idleFromMs = 0) {
    this.subject = subject;
    this.openShares = openShares;
    this.idleFromMs = idleFromMs;
    this.#rows = new Map(Object.entries(JSON.parse(counters) as Record<string, Row>));
  }

  /** The numbers of one counter, from `COUNTERS_FROM` on; all zero when it never counted. */
  rowOf({ rule, width }: Counter): Row {
    const slot = slotOf(rule);
    const row = this.#rows.get(slot) ?? newRow(width);
    this.#rows.set(slot, row);
    return row;
  }

  /** Puts a row in the place of a smaller one. */
  replace({ rule }: Counter, row: Row): void {
    this.#rows.set(slotOf(rule), row);
  }

  toText(): string {
    return JSON.stringify(Object.fromEntries(this.#rows));
  }
}

function newRow(width: number): Row {
  const row = blankRow(COUNTERS_FROM + width);
  row[BUCKETS_FROM] = COUNTERS_FROM + width;
  return row;
}
