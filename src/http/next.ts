import { checkMount, type Mountable } from './mountable.ts';

/** The second argument of a Next route handler in a catch-all route. */
interface RouteContext {
  readonly params: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>;
}

type RouteHandler = (request: Request, context: RouteContext) => Promise<Response>;

/**
 * Returns Next.js route handlers for a catch-all route, at any prefix. Use the Node runtime. A function that
 * returns the guard is called at each request: `next build` loads the routes, and has no secrets to make a guard with.
 * Keep one guard per process, because Next loads a module once per route.
 *
 * @example
 * ```ts
 * // app/v1/[...path]/route.ts
 * export const { GET, POST, OPTIONS } = guardNext(guard);
 * ```
 */
export function guardNext(guard: Mountable | (() => Mountable)): {
  GET: RouteHandler;
  POST: RouteHandler;
  OPTIONS: RouteHandler;
} {
  if (typeof guard !== 'function') checkMount('guardNext', guard);
  const handle: RouteHandler = async (request, context) => {
    const prefix = mountOf(new URL(request.url).pathname, await context.params);
    return (typeof guard === 'function' ? made(guard) : guard).handler(request, { prefix });
  };
  return { GET: handle, POST: handle, OPTIONS: handle };
}

function made(makeGuard: () => Mountable): Mountable {
  const guard = makeGuard();
  checkMount('guardNext', guard);
  return guard;
}

/** Returns the path before the caught segments. They are counted, not compared, because Next decodes them. */
function mountOf(pathname: string, params: Awaited<RouteContext['params']>): string {
  const caught = Object.values(params).find((value) => Array.isArray(value));
  const segments = pathname.split('/');
  return segments.slice(0, segments.length - (caught?.length ?? 0)).join('/');
}
