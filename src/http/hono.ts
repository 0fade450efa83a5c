import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveHalfClosed } from './half-closed.ts';
import { yieldTo } from './host-headers.ts';
import { checkMount, type Mountable } from './mountable.ts';

/** Hono's context, as far as it is needed here; checked against the real one in tests. */
interface HonoContext {
  readonly req: {
    readonly raw: Request;
    readonly routePath: string;
    readonly bodyCache: Readonly<Record<string, unknown>>;
    text(): Promise<string>;
  };
  readonly res: Response;
  readonly env: unknown;
}

/**
 * Returns a Hono handler for a wildcard route, under any base path.
 *
 * @example
 * ```ts
 * import { Hono } from 'hono';
 *
 * new Hono().all('/v1/*', guardHono(guard));
 * ```
 */
export function guardHono(guard: Mountable): (context: HonoContext) => Promise<Response> {
  checkMount('guardHono', guard);
  return async (context) => {
    const { raw, routePath, bodyCache } = context.req;
    const prefix = routePath.replace(/\/?\*$/, '');
    const mount = { prefix, host: context, ...connectionOf(context) };
    // Hono caches a body that middleware has read through it.
    const isCached = raw.bodyUsed && Object.keys(bodyCache).length > 0;
    const body = isCached ? await context.req.text() : undefined;
    const response = await guard.handler(raw, { ...mount, body });
    yieldTo(response, context.res.headers);
    return response;
  };
}

/** What only Node's own objects show, which `@hono/node-server` adds to the context. */
function connectionOf({ env }: HonoContext) {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodeObjects>;
  if (incoming === undefined || outgoing === undefined) return {};
  serveHalfClosed(incoming, outgoing);
  const { socket } = incoming;
  return { remoteAddress: socket.remoteAddress, isHalfClosed: () => socket.readableEnded };
}

interface NodeObjects {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}
