import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkMount, type Mountable } from './mountable.ts';
import { serveNode } from './node.ts';

/** Express, as far as it is needed here; checked against the real one in tests. */
interface ExpressRequest extends IncomingMessage {
  readonly body?: unknown;
}

/**
 * Returns Express middleware that answers every request below its mount point, before or after a body
 * parser. It never calls `next`.
 *
 * @example
 * ```ts
 * import express from 'express';
 *
 * express().use('/v1', guardExpress(guard));
 * ```
 */
export function guardExpress(
  guard: Mountable,
): (request: ExpressRequest, response: ServerResponse) => Promise<void> {
  checkMount('guardExpress', guard);
  return (request, response) =>
    // Express strips the mount point from `url`. A body parser that did not run leaves no body.
    serveNode(guard, request, response, { prefix: '', host: request, body: request.body });
}
