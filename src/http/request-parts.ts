import { withDeadline } from '../base/deadline.ts';
import { BodyError } from '../core/errors.ts';
import type { BodyRoom, GuardRequest, RequestBody } from '../core/request.ts';
import { BodyTakenError, tooLarge } from './body-bytes.ts';

/** A mount point as it is compared: without slashes at its end. */
export const withoutEndSlash = (prefix: string): string => prefix.replace(/\/+$/, '');

/**
 * Splits a raw request target below its mount point. Decodes and normalises nothing. A target outside
 * the prefix, or one that is not a plain path, gets a path that no endpoint has.
 */
export function splitTarget(target: string, prefix: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  const full = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark + 1);
  if (prefix !== '' && !full.startsWith(`${prefix}/`)) return { path: '', query };
  return { path: full.slice(prefix.length), query };
}

/** Returns a body that the host's own parser has read: raw bytes, text, or the parsed value. A parsed
 * value is counted later, when its size is known. */
export function hostBody(body: unknown, limitBytes: number, room?: BodyRoom): RequestBody {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    return { kind: 'parsed', value: body };
  }
  const byteLength = typeof body === 'string' ? Buffer.byteLength(body, 'utf8') : body.byteLength;
  if (byteLength > limitBytes) throw tooLarge(limitBytes);
  room?.take(byteLength);
  return typeof body === 'string'
    ? { kind: 'text', text: body, byteLength }
    : { kind: 'bytes', bytes: body };
}

const BODY_BYTES_MAX = 64 * 1024;
const BODY_MS_MAX = 10_000;

/** The host left no raw body to verify. This is not the sender's fault, who may send it again once it is
 * fixed. */
export class RawBodyError extends Error {
  override readonly name = 'RawBodyError';
}

/**
 * Returns the body as it was sent, because the signature is over its bytes. Throws `BodyError` when it is
 * too large, late or cut off, and `RawBodyError` when the host has parsed it.
 */
export async function readSignedBody(request: GuardRequest): Promise<string> {
  const body = await rawBody(request);
  if (body?.kind === 'text') return body.text;
  if (body?.kind === 'bytes') return Buffer.from(body.bytes).toString('utf8');
  throw new RawBodyError(
    'The signature is over the raw body, which a body parser of the host has parsed: mount the webhooks before it.',
  );
}

/** Returns `undefined` for a body that something in the host took without passing it on. */
async function rawBody(request: GuardRequest): Promise<RequestBody | undefined> {
  try {
    return await withDeadline(request.readBody(BODY_BYTES_MAX), BODY_MS_MAX, late);
  } catch (error) {
    if (error instanceof BodyTakenError) return undefined;
    throw error;
  }
}

const late = () => new BodyError('invalid_request', 'The body did not arrive in time.');
