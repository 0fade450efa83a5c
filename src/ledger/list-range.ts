import type { ListedRecord, ListOptions, RecordPage } from './records.ts';

/** The keys of one page: at least `from`, above `after`, below `end`. */
export interface ListRange {
  readonly from: string;
  readonly after: string;
  readonly end: string;
  readonly limit: number;
}

export const LIST_LIMIT_MAX = 1_000;
const LIST_LIMIT_DEFAULT = 100;

/** Behind every other character, in UTF-8 and in UTF-16. */
const LAST_CHARACTER = '\u{10FFFF}';

/** Returns the keys of a page. `TypeError` for a limit or a cursor that is wrong. */
export function listRange(
  prefix: string,
  { after = '', limit = LIST_LIMIT_DEFAULT }: ListOptions = {},
): ListRange {
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_LIMIT_MAX) {
    throw new TypeError(`"limit" must be a whole number from 1 to ${LIST_LIMIT_MAX}`);
  }
  const isCursor = after === '' || (typeof after === 'string' && after.startsWith(prefix));
  if (!isCursor || after.includes('\0')) {
    throw new TypeError('"after" must be the "next" of the page before');
  }
  return { from: prefix, after, end: prefix + LAST_CHARACTER, limit };
}

/** A record that was looked at. Without a value it has expired. */
export type LookedRecord = ListedRecord | { readonly key: string };

/** Returns the page of the records that were looked at. */
export function pageOf(looked: readonly LookedRecord[], { limit }: ListRange): RecordPage {
  return {
    records: looked.filter((record) => 'value' in record),
    next: looked.length < limit ? undefined : looked.at(-1)?.key,
  };
}
