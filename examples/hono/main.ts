import { serve } from '@hono/node-server';
import { createGuardedCompletion } from 'guarded-completion';
import { guardHono } from 'guarded-completion/hono';
import { type Context, Hono } from 'hono';

const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  baseURL: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1',
  plans: {
    free: {
      models: ['gpt-5-mini'],
      maxOutputTokens: 1_000,
      limits: [{ requests: 20, per: '24h' }, { usd: 0.05, per: 'day' }, { concurrent: 2 }],
    },
  },
});

/** YOUR LOGIN GOES HERE: a session, a cookie, a JWT. This stub trusts whatever the header contains. */
const userOf = (context: Context): string | undefined => context.req.header('x-demo-user');

const app = new Hono();
app.post('/token', async (context) => {
  const user = userOf(context);
  return user === undefined
    ? context.body(null, 401)
    : context.json(await guard.tokens.issue({ user }));
});
app.all('/v1/*', guardHono(guard));

const server = serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000) });
process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  server.close();
});
