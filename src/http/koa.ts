import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkMount, type Mountable } from './mountable.ts';
import { type NodeHandlerOptions, serveNode } from './node.ts';
import { withoutEndSlash } from './request-parts.ts';

/** Koa's context, as far as it is needed here; checked against the real one in tests. */
interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: { readonly body?: unknown };
  respond?: boolean;
  onerror(error: Error | null): void;
}

/**
 * Returns Koa middleware, for before or after a body parser. Requests outside the prefix go to the next
 * middleware.
 *
 * @example
 * ```ts
 * import Koa from 'koa';
 *
 * new Koa().use(guardKoa(guard, { prefix: '/v1' }));
 * ```
 */
export function guardKoa(
  guard: Mountable,
  options: NodeHandlerOptions = {},
): (context: KoaContext, next: () => Promise<unknown>) => Promise<void> {
  checkMount('guardKoa', guard, options.prefix);
  const prefix = withoutEndSlash(options.prefix ?? '');
  return async (context, next) => {
    if (!isBelow(context.req.url ?? '/', prefix)) {
      await next();
      return;
    }
    // From here on the guard sends the response, and Koa must not.
    context.respond = false;
    Object.assign(context, { onerror: exceptDisconnects(context) });
    const { req, res, request } = context;
    await serveNode(guard, req, res, { prefix, host: context, body: request.body });
  };
}

/** Koa prints every error of a connection, and here each client that leaves is one. */
function exceptDisconnects(context: KoaContext): KoaContext['onerror'] {
  const { onerror } = context;
  return (error) => {
    const code = error !== null && 'code' in error ? error.code : undefined;
    if (code !== 'EPIPE' && code !== 'ECONNRESET') onerror.call(context, error);
  };
}

/** The mount point itself counts: an exchange has no other path. */
function isBelow(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && ['/', '?', undefined].includes(url[prefix.length]);
}
