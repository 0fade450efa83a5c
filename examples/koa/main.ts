import Router from '@koa/router';
import { createGuardedCompletion } from 'guarded-completion';
import { guardKoa } from 'guarded-completion/koa';
import Koa, { type Context } from 'koa';

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
const userOf = (context: Context): string => context.get('x-demo-user');

const router = new Router();
router.post('/token', async (context) => {
  const user = userOf(context);
  if (user === '') context.status = 401;
  else context.body = await guard.tokens.issue({ user });
});
const app = new Koa().use(guardKoa(guard, { prefix: '/v1' })).use(router.routes());

const server = app.listen(Number(process.env['PORT'] ?? 3000));
process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  server.close();
});
