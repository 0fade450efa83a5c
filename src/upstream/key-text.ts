import { isPromiseLike } from '../base/deadline.ts';

/** What may be in a header. */
const KEY = /^[\x21-\x7e]+$/;
const MUST_BE =
  'must be a non-empty string or a function that returns one; is its environment variable set?';

/** A key, or a function that returns it. */
export const isKey = (value: unknown): boolean =>
  typeof value === 'function' || (typeof value === 'string' && KEY.test(value));

/** Says what is wrong with a key, without the key. */
export function wrongKey(value: unknown): string {
  if (isPromiseLike(value)) {
    return 'must be a string or a function, and is a promise: pass the function that promises it, or use "await"';
  }
  if (typeof value !== 'string' || value === '') return MUST_BE;
  if (/^bearer\s/i.test(value)) return 'must be the key alone, without "Bearer "';
  if (KEY.test(value.trim())) {
    return 'must have no space or line break around it, as a key from a file has: use .trim()';
  }
  return 'must have no spaces, line breaks or special characters';
}
