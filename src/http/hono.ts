import type { Mountable } from './mountable.ts';

/** Hono's context, as far as it is needed here; checked against the real one in tests. */
interface HonoContext {
  readonly req: {
    readonly raw: Request;
    readonly routePath: string;
    readonly bodyCache: Readonly<Record<string, unknown>>;
    text(): Promise<string>;
  };
}

/** A Hono handler for a wildcard route, under any base path: `app.all('/v1/*', guardHono(guard))`. */
export function guardHono(guard: Mountable): (context: HonoContext) => Promise<Response> {
  return async (context) => {
    const { raw, routePath } = context.req;
    const prefix = routePath.replace(/\/?\*$/, '');
    const mount = { prefix, host: context };
    // A body that middleware has read lives on in Hono's cache.
    if (!raw.bodyUsed) return guard.handler(raw, mount);
    return guard.handler(raw, { ...mount, body: await context.req.text() });
  };
}
