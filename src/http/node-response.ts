import type { ServerResponse } from 'node:http';
import { type GuardResponse, type HeaderList, isByteSource } from '../core/response.ts';
import { joinVary } from './host-headers.ts';

/** Up to here, copying a body costs less than a second piece in the write to the socket. */
const JOINED_BYTES_MAX = 16 * 1024;

function sendWhole(
  response: ServerResponse,
  status: number,
  headers: HeaderList,
  body: Uint8Array | string,
): void {
  headers['content-length'] = String(Buffer.byteLength(body));
  response.writeHead(status, headers);
  if (typeof body === 'string' || body.byteLength > JOINED_BYTES_MAX) {
    response.end(body);
    return;
  }
  // Node joins a string with the head to one write; latin1 keeps every byte as it is.
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  response.end(bytes.toString('latin1'), 'latin1');
}

/** Sends the guard's response with Node's own object, unless its client has left. */
export function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: GuardResponse,
): void {
  if (response.destroyed) return;
  joinVary(response.getHeader('vary'), headers);
  if (!isByteSource(body)) return sendWhole(response, status, headers, body);
  response.writeHead(status, headers);
  // Clients wait for the headers before they show anything; the first bytes may be minutes away.
  response.flushHeaders();
  response.on('drain', () => body.resume());
  body.start({
    write: (chunk) => response.write(chunk),
    end: () => void response.end(),
    fail: () => void response.destroy(),
  });
}
