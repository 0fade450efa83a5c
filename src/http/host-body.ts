import { BodyError } from '../errors.ts';
import type { RequestBody } from '../exchange.ts';

/** A body that the host's own parser read: raw bytes, text, or the parsed value. */
export function hostBody(body: unknown, limitBytes: number): RequestBody {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    return { kind: 'parsed', value: body };
  }
  const byteLength = typeof body === 'string' ? Buffer.byteLength(body, 'utf8') : body.byteLength;
  if (byteLength <= limitBytes) {
    return typeof body === 'string'
      ? { kind: 'text', text: body, byteLength }
      : { kind: 'bytes', bytes: body };
  }
  throw new BodyError('request_too_large', `The body is larger than ${limitBytes} bytes.`);
}
