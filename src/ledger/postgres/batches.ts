import { LedgerError } from '../../errors.ts';
import type { Calls } from './calls.ts';
import type { Row, Value } from './driver.ts';

/** One call of a function of the schema. */
export interface Verb {
  readonly name: string;
  /** All but the last, which says how long to wait for locks. */
  readonly values: readonly Value[];
  /** The hold that it is about. */
  readonly hold?: string | undefined;
  /** The subjects that it counts on. */
  readonly subjects?: readonly string[] | undefined;
}

interface Waiting extends Verb {
  readonly deadline: number;
  answer(row: Row | undefined): void;
  fail(error: unknown): void;
}

/** More would only wait for each other: for the processor, the disk, or everybody's row. */
const STATEMENTS_MAX = 2;
const VERBS_PER_STATEMENT_MAX = 32;
/** One that takes longer waits for a lock or a lost connection, and is no reason for others to wait. */
const PATIENCE_MS = 50;
/** The part of a deadline that verbs in company may wait for locks, so that each can still go alone. */
const WAIT_TOGETHER = 0.2;

/**
 * Sends each verb at once, alone, while few are on their way. Those that come meanwhile go together in
 * the next statement, as one transaction: one commit for all, and one lock of everybody's row. When
 * that fails, it had no effect, and each is sent alone.
 */
export class Batches {
  readonly #calls: Calls;
  readonly #schema: string;
  readonly #lockWait: string;
  readonly #waiting: Waiting[] = [];
  #statements = 0;

  constructor(calls: Calls, schema: string, lockWait: string) {
    this.#calls = calls;
    this.#schema = schema;
    this.#lockWait = lockWait;
  }

  send(verb: Verb, deadline: number): Promise<Row> {
    return new Promise((resolve, fail) => {
      const answer = (row: Row | undefined) =>
        row === undefined ? fail(new LedgerError('Postgres answered no row')) : resolve(row);
      this.#waiting.push({ ...verb, deadline, answer, fail });
      if (this.#statements < STATEMENTS_MAX) void this.#next();
    });
  }

  async #next(): Promise<void> {
    let isCounted = true;
    const free = () => {
      if (!isCounted) return;
      isCounted = false;
      this.#statements -= 1;
      if (this.#waiting.length > 0 && this.#statements < STATEMENTS_MAX) void this.#next();
    };
    this.#statements += 1;
    const patience = setTimeout(free, PATIENCE_MS);
    const verbs = this.#waiting.splice(0, VERBS_PER_STATEMENT_MAX);
    const [only] = verbs;
    await (only !== undefined && verbs.length === 1 ? this.#alone(only) : this.#together(verbs));
    clearTimeout(patience);
    free();
  }

  async #together(verbs: readonly Waiting[]): Promise<void> {
    try {
      const deadline = Math.max(...verbs.map((verb) => verb.deadline));
      const [text, values] = joined(this.#schema, [
        this.#lock(verbs, deadline),
        ...verbs.map((verb) => withWait(verb, null)),
      ]);
      const [, ...rows] = await this.#calls.all(text, values, deadline);
      for (const [index, verb] of verbs.entries()) verb.answer(rows[index]);
    } catch {
      await Promise.all(verbs.map((verb) => this.#alone(verb)));
    }
  }

  async #alone({ deadline, answer, fail, ...verb }: Waiting): Promise<void> {
    const [text, values] = joined(this.#schema, [withWait(verb, this.#lockWait)]);
    await this.#calls.idempotent(text, values, deadline).then(answer, fail);
  }

  #lock(verbs: readonly Verb[], deadline: number): Verb {
    const writing = verbs.filter(({ name }) => name !== 'read');
    const ids = writing.flatMap(({ hold }) => hold ?? []).sort();
    const subjects = writing.flatMap((verb) => verb.subjects ?? []);
    const waitMs = Math.max(1, Math.ceil((deadline - performance.now()) * WAIT_TOGETHER));
    return { name: 'lock', values: [ids, subjects, `${waitMs}`] };
  }
}

/** One statement, of which the parts are run in order. */
function joined(schema: string, verbs: readonly Verb[]): [string, Value[]] {
  const values: Value[] = [];
  const selects = verbs.map((verb) => {
    const places = verb.values.map((value) => `$${values.push(value)}`);
    return `SELECT * FROM ${schema}.${verb.name}(${places})`;
  });
  return [selects.join(' UNION ALL '), values];
}

function withWait(verb: Verb, wait: string | null): Verb {
  return { ...verb, values: [...verb.values, wait] };
}
