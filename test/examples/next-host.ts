import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { POST as issueToken } from '../../examples/next/app/token/route.ts';
import { GET, OPTIONS, POST } from '../../examples/next/app/v1/[...path]/route.ts';
import { register } from '../../examples/next/instrumentation.ts';

/**
 * Does what Next does with these files: registers, routes, and passes each handler its segments.
 */
await register();
const handlers = { GET, OPTIONS, POST };
const app = new Hono();
app.post('/token', ({ req }) => issueToken(req.raw));
app.all('/v1/*', async ({ req }) => {
  const path = new URL(req.url).pathname.slice('/v1/'.length).split('/').map(decodeURIComponent);
  const handle = handlers[req.method as keyof typeof handlers];
  return handle(req.raw, { params: Promise.resolve({ path }) });
});
serve({ fetch: app.fetch, port: Number(process.env['PORT']) });
