import type { IncomingMessage, ServerResponse } from 'node:http';
import { after } from '../base/deadline.ts';
import { serveHalfClosed } from './half-closed.ts';
import { checkMount, type Mountable } from './mountable.ts';
import { type NodeMount, NodeRequest } from './node-request.ts';
import { sendAnswer } from './node-response.ts';
import { answerAfterBody } from './node-rest.ts';
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
  checkMount('toNodeHandler', guard, options.prefix);
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
  serveHalfClosed(request, response);
  const served = guard.serve(new NodeRequest(request, response, mount));
  return served.then((answer) =>
    after(answerAfterBody(request, response, answer), (ready) => sendAnswer(response, ready)),
  );
}
