import { isAscii, isUtf8 } from 'node:buffer';
import { type Denial, isDenial } from './denial.ts';
import {
  countKeys,
  DEPTH_MAX,
  invalid,
  MEMBERS_MAX,
  NOT_JSON,
  TOO_DEEP,
  TOO_MANY,
} from './json-scan.ts';

export interface ParsedJson {
  readonly value: unknown;
  /** An upper bound of the UTF-8 bytes of `JSON.stringify(value)`. */
  readonly bytes: number;
  /** The text as it arrived; `undefined` where the host has parsed it. */
  readonly text?: string;
}

const DUPLICATE = invalid('The body has the same key twice in one object.');
const BAD_NUMBER = invalid('The body has a number that is out of range.');
const NOT_PLAIN = invalid('The body holds something that is not JSON.');

/**
 * Parses JSON that means the same to every parser: valid UTF-8 without a byte order mark, no duplicate
 * or prototype keys, at most 64 levels, 100,000 keys and elements, 10,000 different keys and 20,000
 * different short strings. Other bodies are denied with `invalid_request`. Depth and size are checked before
 * anything is built. The time is linear in the bytes.
 */
export function parseStrictJson(bytes: Uint8Array): ParsedJson | Denial {
  const keys = countKeys(bytes);
  if (typeof keys !== 'number') return keys;
  const text = decode(bytes);
  return text === undefined ? NOT_JSON : parseCounted(text, keys, bytes.byteLength);
}

/** The same for a text with a known length in UTF-8. */
export function parseStrictText(text: string, byteLength: number): ParsedJson | Denial {
  const keys = countKeys(Buffer.from(text));
  return typeof keys === 'number' ? parseCounted(text, keys, byteLength) : keys;
}

function parseCounted(text: string, keys: number, byteLength: number): ParsedJson | Denial {
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
