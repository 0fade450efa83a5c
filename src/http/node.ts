import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GuardResponse, type HeaderList, isByteSource } from '../core/response.ts';
import type { Mountable } from './mountable.ts';
import { type NodeMount, NodeRequest } from './node-request.ts';
import { withoutEndSlash } from './request-parts.ts';

/** The options of `toNodeHandler` and `guardKoa`. */
export interface NodeHandlerOptions {
  /**
   * The path at which the guard is mounted, such as `'/v1'`, when the host does not strip it from
   * `req.url`. Default none.
   */
  readonly prefix?: string;
}

/** A request listener of node:http. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Returns a handler for a node:http server, or for any host that hands out Node's own request and
 * response. Denials and failures are responses in OpenAI's error shape.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 *
 * createServer(toNodeHandler(guard, { prefix: '/v1' })).listen(3000);
 * ```
 */
export function toNodeHandler(guard: Mountable, options: NodeHandlerOptions = {}): NodeHandler {
  const prefix = withoutEndSlash(options.prefix ?? '');
  return (request, response) => serveNode(guard, request, response, { prefix, host: request });
}

/**
 * Serves one request of node:http. Adapters for hosts that hand out Node's own objects are built on it.
 * It resolves when the answer is under way.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 *
 * createServer((request, response) => {
 *   void serveNode(guard, request, response, { prefix: '/v1', host: request });
 * }).listen(3000);
 * ```
 */
export function serveNode(
  guard: Mountable,
  request: IncomingMessage,
  response: ServerResponse,
  mount: NodeMount,
): Promise<void> {
  const served = guard.serve(new NodeRequest(request, response, mount));
  return served.then((answer) => deliver(request, response, answer));
}

function deliver(request: IncomingMessage, response: ServerResponse, answer: GuardResponse): void {
  if (response.destroyed) return;
  // The rest of an unread body would be taken for the next request on this connection.
  if (!request.complete) {
    answer.headers['connection'] = 'close';
    request.resume();
  }
  sendAnswer(response, answer);
}

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

function sendAnswer(response: ServerResponse, { status, headers, body }: GuardResponse): void {
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
