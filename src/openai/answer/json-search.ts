import { endOfString, parseJson } from '../../core/json.ts';

/**
 * Searches in the JSON of a frame without parsing it. Of a frame one character is one byte of the wire
 * (`latin1`).
 */

/** The property of a JSON object; `undefined` for anything else. */
export function property(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null
    ? (json as Record<string, unknown>)[name]
    : undefined;
}

/** Parses a frame's data for a person to read, so as UTF-8. */
export function parseWords(data: string): unknown {
  return parseJson(Buffer.from(data, 'latin1').toString('utf8'));
}

const QUOTE = 0x22;

/**
 * Where a quoted key and what follows it stand, without the first quote; negative where they do not.
 * Inside a string the quotes would be escaped. A search that began with a quote would stop at each.
 */
export function keyIndex(data: string, key: string, from = 0): number {
  let at = data.indexOf(key, from);
  while (at > 0 && data.charCodeAt(at - 1) !== QUOTE) at = data.indexOf(key, at + 1);
  return at;
}

/** Whether there is a usage that is not `null`. */
export function hasUsage(data: string): boolean {
  return !data.endsWith('"usage":null}') && hasValue(data, 'usage"');
}

const notNull = /\s*:\s*(?!null|\s)/y;

/** Whether a key, given without its first quote, has a value that is not `null` at least once. */
export function hasValue(data: string, key: string): boolean {
  for (let at = keyIndex(data, key); at >= 0; at = keyIndex(data, key, at + 1)) {
    notNull.lastIndex = at + key.length;
    if (notNull.test(data)) return true;
  }
  return false;
}

/** Where the string that opens at `quote` ends; the end of the data when it does not. */
export function stringEnd(data: string, quote: number): number {
  const end = endOfString(data, quote);
  return end < 0 ? data.length : end;
}

/** Bytes of all strings in a JSON value, at most `most`. */
export function stringBytes(value: unknown, most: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 0;
  const bytes = Object.values(value).reduce(
    (sum: number, item) => sum + stringBytes(item, most),
    0,
  );
  return Math.min(bytes, most);
}
