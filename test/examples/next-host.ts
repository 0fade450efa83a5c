import { serve } from '@hono/node-server';
import { Hono } from 'hono';

type Handle = (request: Request, context: object) => Promise<Response>;

/** By a name that only Node reads, because the imports of the example are for Next. */
const load = async (file: string): Promise<Readonly<Record<string, Handle>>> =>
  import(new URL(`../../examples/next/${file}`, import.meta.url).href);

/**
 * Does what Next does with these files: registers, routes, and passes each handler its segments.
 */
const { register } = (await import(
  new URL('../../examples/next/instrumentation.ts', import.meta.url).href
)) as { register: () => Promise<void> };
await register();
const handlers = await load('app/v1/[...path]/route.ts');
const issueToken = (await load('app/token/route.ts'))['POST'];
const app = new Hono();
app.post('/token', ({ req }) => issueToken?.(req.raw, {}) ?? new Response(null, { status: 404 }));
app.all('/v1/*', async ({ req }) => {
  const path = new URL(req.url).pathname.slice('/v1/'.length).split('/').map(decodeURIComponent);
  const handle = handlers[req.method];
  if (handle === undefined) return new Response(null, { status: 405 });
  return handle(req.raw, { params: Promise.resolve({ path }) });
});
serve({ fetch: app.fetch, port: Number(process.env['PORT']) });
