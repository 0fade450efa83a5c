import { isDenial } from '../../core/denial.ts';
import { parseStrictJson } from '../../core/json.ts';

/** The claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A token that is well formed. Nothing in it is verified. */
export interface Jwt {
  readonly text: string;
  readonly header: Claims;
  readonly claims: Claims;
}

/** Checked before anything is decoded. */
export const JWT_LENGTH_MAX = 8_192;
/** The signature may be empty here. The signature check decides whether one is required. */
const SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/**
 * Splits a compact JWT into its parts. Returns `undefined` for any other text. Every part must be the
 * one base64url form of its bytes (RFC 7515 §2), so that a token can be written in only one way. The
 * JSON must mean the same to every parser: no duplicate keys, no number that is out of range.
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

/** Verified claims are cached and used by many calls, so they must not change. */
function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
