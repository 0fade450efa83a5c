import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { LIST_LIMIT_MAX } from '../ledger/list-range.ts';
import type { ListedRecord, Records } from '../ledger/records.ts';

const CURSOR = 'must be the "cursor" of the page before';

const cursor = z
  .string(CURSOR)
  .min(1, CURSOR)
  .max(300, CURSOR)
  .refine((text) => !text.includes('\0') && text.isWellFormed(), CURSOR);

const pageShape = {
  /** The `cursor` of the page before. Without it, the first page. */
  cursor: z.union([cursor, z.undefined()], CURSOR).optional(),
  /** How many entries are looked at, 1 to 1,000. A page may have fewer.
   * @default 100 */
  limit: z.int().min(1).max(LIST_LIMIT_MAX).default(100),
};

/** Which page of a list is asked for. */
export interface PageSpec
  extends RequiredOptions<typeof pageShape>,
    OptionalOptions<typeof pageShape> {}

/** Some entries of a list. */
export interface Page<Entry> {
  /** A page may have fewer than its limit, and even none, before the last one. */
  readonly entries: readonly Entry[];
  /** Pass it on for the next page; `undefined`: this is the last one. */
  readonly cursor: string | undefined;
}

const pageSpec = optionsSchema(pageShape);

/** Returns which page is asked for. `TypeError` names the field that is wrong; `call` is the name of the call. */
export function parsePage(page: PageSpec | undefined, call: string) {
  return parseOrThrow(pageSpec, page ?? {}, call);
}

/** Returns a page of the records whose keys begin with `prefix`, each read by `read`; `undefined` leaves it out. */
export async function pageOfRecords<Entry>(
  records: Records,
  prefix: string,
  page: ReturnType<typeof parsePage>,
  read: (record: ListedRecord) => Entry | undefined | Promise<Entry | undefined>,
): Promise<Page<Entry>> {
  const after = page.cursor === undefined ? undefined : prefix + page.cursor;
  const { records: found, next } = await records.list(prefix, { after, limit: page.limit });
  const entries = await Promise.all(found.map(read));
  return {
    entries: entries.filter((entry) => entry !== undefined),
    cursor: next?.slice(prefix.length),
  };
}
