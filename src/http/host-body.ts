import { BodyError } from '../errors.ts';
import type { RequestBody } from '../exchange.ts';

/** A body that the host's own parser read: raw bytes, text, or the parsed value. */
export function hostBody(body: unknown, limitBytes: number): RequestBody {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    return { kind: 'parsed', value: body };
  }
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  if (bytes.byteLength <= limitBytes) return { kind: 'bytes', bytes };
  throw new BodyError('request_too_large', `The body is larger than ${limitBytes} bytes.`);
}
