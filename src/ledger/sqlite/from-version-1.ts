import type { DatabaseSync } from 'node:sqlite';
import { slotNamed } from '../counting/counter.ts';

/** Three numbers in front of the numbers of each counter, which are no longer needed. */
const ROW_HEAD = 3;
/** A bucket of a rolling window was named by its number and the place of its counter. */
const FIRST_BUCKET = ROW_HEAD * 2 ** 43;

/**
 * Moves the accounts of schema 1 ("subjects") to those of schema 2. A process that still runs on
 * schema 1 does not find its table: it fails instead of counting on rows that are no longer read.
 * Schema 1 did not count the parts of rates among those of live holds, so they are counted here. It
 * called the account of all users "everybody".
 */
export function migrateFromVersion1(database: DatabaseSync): void {
  const numbersOf = (counters: unknown, idleFromMs: unknown): string => {
    const rows = JSON.parse(String(counters)) as Record<string, number[]>;
    return JSON.stringify([Number(idleFromMs), ...Object.entries(rows).flatMap(sectionOf)]);
  };
  database.function('guard_numbers_of', numbersOf);
  database.exec(`
    UPDATE guard_subjects SET subject = 'global' WHERE subject = 'everybody';
    UPDATE guard_holds SET shares = replace(shares, '"subject":"everybody"', '"subject":"global"');
    INSERT INTO guard_accounts (key, numbers, live, idle_from_ms)
      SELECT subject, guard_numbers_of(counters, idle_from_ms), ifnull(parts.live, 0), idle_from_ms
      FROM guard_subjects LEFT JOIN (
        SELECT json_extract(part.value, '$.subject') AS key, count(*) AS live
        FROM guard_holds, json_each(shares) part WHERE phase = 'held' GROUP BY 1
      ) parts ON parts.key = subject;
    DROP TABLE guard_subjects;
  `);
}

function sectionOf([name, row]: [string, number[]]): number[] {
  const numbers = row.slice(ROW_HEAD);
  if (name.startsWith('rolling/')) {
    for (let index = 1; index < numbers.length; index += 2) {
      numbers[index] = (numbers[index] ?? 0) - FIRST_BUCKET;
    }
  }
  return [...slotNamed(name), numbers.length, ...numbers];
}
