import { isDenial } from '../../core/denial.ts';
import { parseStrictJson } from '../../core/strict-json.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A token that is well formed; nothing in it is verified. */
export interface Jwt {
  readonly text: string;
  readonly header: Claims;
  readonly claims: Claims;
}

/** Checked before anything is decoded. */
export const JWT_LENGTH_MAX = 8_192;
/** The signature may be empty here: whether one is needed is for who checks it to say. */
const SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/**
 * Takes a compact JWT apart; `undefined` for anything else. Every part must be the one base64url form
 * of its bytes (RFC 7515 §2), or one token could be written in several ways, and the JSON must mean
 * the same to every parser: no duplicate keys, no number that is out of range.
 */
export function readJwt(text: string): Jwt | undefined {
  if (text.length > JWT_LENGTH_MAX || !SHAPE.test(text)) return undefined;
  const [head = '', body = '', signature = ''] = text.split('.');
  if (bytesOf(signature) === undefined) return undefined;
  const header = objectOf(head);
  const claims = objectOf(body);
  return header === undefined || claims === undefined ? undefined : { text, header, claims };
}

function bytesOf(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function objectOf(part: string): Claims | undefined {
  const bytes = bytesOf(part);
  const parsed = bytes && parseStrictJson(bytes);
  if (parsed === undefined || isDenial(parsed)) return undefined;
  return isObject(parsed.value) ? deepFreeze(parsed.value) : undefined;
}

export const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Verified claims are cached and handed out at every call, so that none may change them. */
function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
