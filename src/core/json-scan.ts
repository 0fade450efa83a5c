import { randomInt } from 'node:crypto';
import { type Denial, deny } from './denial.ts';

/** The levels of nesting that a body may have. */
export const DEPTH_MAX = 64;
/** Keys and array elements together. */
export const MEMBERS_MAX = 100_000;
/** Different keys cost a parser ten times as much as keys that repeat. Up to twice as many may pass. */
const DIFFERENT_KEYS_MAX = 10_000;

export const invalid = (message: string): Denial => deny('invalid_request', message);
export const NOT_JSON = invalid('The body is not valid JSON in UTF-8.');
export const TOO_DEEP = invalid(`The body is nested deeper than ${DEPTH_MAX} levels.`);
export const TOO_MANY = invalid(`The body has more than ${MEMBERS_MAX} keys and elements.`);
const TOO_MANY_KEYS = invalid(`The body has more than ${DIFFERENT_KEYS_MAX} different keys.`);

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BACKSLASH = 0x5c;

/**
 * Counts the keys of a JSON text, which are the colons outside its strings. It builds nothing, and stops
 * at the first sign of a body that would be slow to parse. Everything that it looks for is ASCII, so the
 * bytes may be any UTF-8.
 */
export function countKeys(bytes: Uint8Array): number | Denial {
  let keys = 0;
  let members = 0;
  let values = 0;
  let depth = 0;
  let keyStart = 0;
  let names: KeyNames | undefined;
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] ?? 0;
    // White space and numbers.
    if (code < QUOTE || (code > COMMA && code < COLON)) continue;
    if (code === QUOTE) {
      keyStart = at;
      at = endOfBytes(bytes, at);
      if (at < 0) return NOT_JSON;
      values++;
    } else if (code === COLON) {
      members++;
      if (++keys <= DIFFERENT_KEYS_MAX) continue;
      names ??= new KeyNames();
      if (names.add(bytes, keyStart) > DIFFERENT_KEYS_MAX) return TOO_MANY_KEYS;
    } else if (code === COMMA) members++;
    else if (code === BRACE || code === BRACKET) {
      if (++depth > DEPTH_MAX) return TOO_DEEP;
      values++;
    } else if (code === BRACE_END || code === BRACKET_END) depth--;
    else continue;
    // Each member has at most a string for its key, and another string or a container for its value.
    if (members > MEMBERS_MAX || values > 2 * MEMBERS_MAX + 1) return TOO_MANY;
  }
  return keys;
}

/** Most strings end within so many bytes. For longer ones the native search is faster. */
const SHORT_STRING_BYTES = 32;

/** Where the string that opens at `start` closes; negative when it does not. */
function endOfBytes(bytes: Uint8Array, start: number): number {
  const near = Math.min(bytes.length, start + SHORT_STRING_BYTES);
  let at = start + 1;
  for (; at < near; at++) {
    const code = bytes[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  const end = bytes.indexOf(QUOTE, at);
  return end > at && bytes[end - 1] === BACKSLASH ? endOfEscaped(bytes, at) : end;
}

/** The same for a string with escaped quotes, from a place that is not inside an escape. */
function endOfEscaped(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return -1;
}

const SLOT_BITS = 16;
/** Senders must not know which keys share a slot. */
const SEED = randomInt(2 ** 32);
const PRIME = 0x01000193;

/** Counts different keys, closely enough: two of them may share a slot. */
class KeyNames {
  readonly #slots = new Uint8Array(2 ** SLOT_BITS);
  #count = 0;

  /** Adds the key whose string opens at `start`. Returns how many were different so far. */
  add(bytes: Uint8Array, start: number): number {
    let hash = SEED;
    const end = endOfBytes(bytes, start);
    for (let at = start + 1; at < end; at++) {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), PRIME);
      hash ^= hash >>> 15;
    }
    const slot = hash >>> (32 - SLOT_BITS);
    if (this.#slots[slot] === 1) return this.#count;
    this.#slots[slot] = 1;
    this.#count += 1;
    return this.#count;
  }
}
