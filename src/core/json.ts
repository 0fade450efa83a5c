import { isAscii, isUtf8 } from 'node:buffer';
import { type Denial, deny, isDenial } from './denial.ts';

const DEPTH_MAX = 64;
/** Keys and array elements together. */
const MEMBERS_MAX = 100_000;

export interface ParsedJson {
  readonly value: unknown;
  /** An upper bound of the UTF-8 bytes of `JSON.stringify(value)`. */
  readonly bytes: number;
  /** The text as it arrived; `undefined` where the host has parsed it. */
  readonly text?: string;
}

const invalid = (message: string): Denial => deny('invalid_request', message);
const NOT_JSON = invalid('The body is not valid JSON in UTF-8.');
const TOO_DEEP = invalid(`The body is nested deeper than ${DEPTH_MAX} levels.`);
const TOO_MANY = invalid(`The body has more than ${MEMBERS_MAX} keys and elements.`);
const DUPLICATE = invalid('The body has the same key twice in one object.');
const BAD_NUMBER = invalid('The body has a number that is out of range.');
const NOT_PLAIN = invalid('The body holds something that is not JSON.');

/**
 * Parses JSON that means the same to every parser: valid UTF-8 without a byte order mark, no duplicate
 * or prototype keys, at most 64 levels and 100,000 keys and elements. Other bodies are denied with
 * `invalid_request`. Depth and size are checked before anything is built. The time is linear in the
 * bytes.
 */
export function parseStrictJson(bytes: Uint8Array): ParsedJson | Denial {
  const text = decode(bytes);
  return text === undefined ? NOT_JSON : parseStrictText(text, bytes.byteLength);
}

/** The same for a text with a known length in UTF-8. */
export function parseStrictText(text: string, byteLength: number): ParsedJson | Denial {
  const keys = countKeys(text);
  if (typeof keys !== 'number') return keys;
  const value = parseJson(text);
  if (value === undefined) return NOT_JSON;
  const census = new Census();
  const denial = census.take(value, 0);
  if (denial !== undefined) return denial;
  // The parser merges duplicates, so that the value has fewer keys than the text.
  if (census.keys !== keys) return DUPLICATE;
  return { value, bytes: byteLength + census.grownBytes, text };
}

/**
 * Checks a body that the host has parsed, like `parseStrictJson`. Duplicate keys are not found, because
 * the parser of the host has merged them.
 */
export function checkParsedJson(value: unknown): ParsedJson | Denial {
  const denial = new Census().take(value, 0);
  if (isDenial(denial)) return denial;
  return { value, bytes: Buffer.byteLength(JSON.stringify(value)) };
}

function decode(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Most bodies are ASCII, and latin1 costs a third of decoding UTF-8.
  if (isAscii(buffer)) return buffer.toString('latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : undefined;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;

/** Counts the keys in the text, which are the colons outside its strings. */
function countKeys(text: string): number | Denial {
  let keys = 0;
  let commas = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return NOT_JSON;
    } else if (code === COLON) keys++;
    else if (code === COMMA) commas++;
    else if (code === BRACE || code === BRACKET) {
      if (++depth > DEPTH_MAX) return TOO_DEEP;
    } else if (code === BRACE_END || code === BRACKET_END) depth--;
  }
  return keys + commas > MEMBERS_MAX ? TOO_MANY : keys;
}

const isPrototypeKey = (key: string) =>
  key === '__proto__' || key === 'constructor' || key === 'prototype';

/** The longest number that `JSON.stringify` writes. `1e20` arrives as four characters. */
const NUMBER_BYTES_MAX = 25;

/** Visits a value once, and counts its keys, members and numbers. */
class Census {
  keys = 0;
  members = 0;
  /** Bytes that numbers can gain when they are written again. */
  grownBytes = 0;

  take(value: unknown, depth: number): Denial | undefined {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined;
    if (typeof value === 'number') return this.#takeNumber(value);
    if (typeof value !== 'object') return NOT_PLAIN;
    if (depth === DEPTH_MAX) return TOO_DEEP;
    return Array.isArray(value) ? this.#takeArray(value, depth) : this.#takeObject(value, depth);
  }

  #takeNumber(value: number): Denial | undefined {
    // It would be sent as `null`, which is not what was checked.
    if (!Number.isFinite(value)) return BAD_NUMBER;
    if (value > 9_999 || value < -9_999 || !Number.isInteger(value)) {
      this.grownBytes += NUMBER_BYTES_MAX;
    }
    return undefined;
  }

  #takeArray(values: readonly unknown[], depth: number): Denial | undefined {
    this.members += values.length;
    if (this.members > MEMBERS_MAX) return TOO_MANY;
    for (const value of values) {
      const denial = this.take(value, depth + 1);
      if (denial !== undefined) return denial;
    }
    return undefined;
  }

  #takeObject(value: object, depth: number): Denial | undefined {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN;
    for (const key of Object.keys(value)) {
      if (isPrototypeKey(key)) return invalid(`The key "${key}" is not accepted.`);
      this.keys++;
      if (++this.members > MEMBERS_MAX) return TOO_MANY;
      const denial = this.take((value as Record<string, unknown>)[key], depth + 1);
      if (denial !== undefined) return denial;
    }
    return undefined;
  }
}

const BACKSLASH = 0x5c;

/** Where the JSON string that opens at `start` closes; negative when it does not. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before--;
  return (at - 1 - before) % 2 === 1;
}

/** The parsed text; `undefined` when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
