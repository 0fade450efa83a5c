import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { GET, OPTIONS, POST } from '../../examples/next-supabase/app/v1/[...path]/route.ts';
import { register } from '../../examples/next-supabase/instrumentation.ts';

/** Does what Next does with these files: registers, and passes each handler its segments. */
await register();
const handlers = { GET, OPTIONS, POST };
const app = new Hono();
app.all('/v1/*', async ({ req }) => {
  const path = new URL(req.url).pathname.slice('/v1/'.length).split('/').map(decodeURIComponent);
  const handle = handlers[req.method as keyof typeof handlers];
  return handle(req.raw, { params: Promise.resolve({ path }) });
});
serve({ fetch: app.fetch, port: Number(process.env['PORT']) });
