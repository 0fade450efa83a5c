import type { IncomingMessage } from 'node:http';
import type { Mountable } from './mountable.ts';

/** Hono's context, as far as it is needed here; checked against the real one in tests. */
interface HonoContext {
  readonly req: {
    readonly raw: Request;
    readonly routePath: string;
    readonly bodyCache: Readonly<Record<string, unknown>>;
    text(): Promise<string>;
  };
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
  return async (context) => {
    const { raw, routePath, bodyCache } = context.req;
    const prefix = routePath.replace(/\/?\*$/, '');
    const { remoteAddress } = incomingOf(context)?.socket ?? {};
    const mount = { prefix, host: context, remoteAddress };
    // Hono caches a body that middleware has read through it.
    const isCached = raw.bodyUsed && Object.keys(bodyCache).length > 0;
    if (!isCached) return guard.handler(raw, mount);
    return guard.handler(raw, { ...mount, body: await context.req.text() });
  };
}

/** Node's own request, which `@hono/node-server` adds; `undefined` elsewhere. */
function incomingOf({ env }: HonoContext): IncomingMessage | undefined {
  return (env as { readonly incoming?: IncomingMessage } | null | undefined)?.incoming;
}
