import { serve } from '@hono/node-server';
import { createGuardedCompletion } from 'guarded-completion';
import { anonymous, anyOf, clerkAuth, userTokens } from 'guarded-completion/auth';
import { guardHono } from 'guarded-completion/hono';
import { Hono } from 'hono';

const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  baseURL: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1',
  auth: anyOf(
    userTokens(),
    clerkAuth({
      issuer: process.env['CLERK_ISSUER'] ?? '',
      authorizedParties: [process.env['APP_ORIGIN'] ?? 'https://my-app.com'],
    }),
    // Guests are identified by address. Each gets three calls, and all together a dollar a day.
    anonymous({ trustProxy: Number(process.env['PROXIES'] ?? 0) }),
  ),
  plans: {
    guest: { models: ['gpt-5-mini'], limits: [{ requests: 3, per: '24h' }] },
    free: { models: ['gpt-5-mini'], limits: [{ requests: 20, per: '24h' }, { concurrent: 2 }] },
    pro: {
      models: ['gpt-5*'],
      limits: [
        { requests: 500, per: '24h' },
        { usd: 20, per: 'month' },
      ],
    },
  },
  // Clerk Billing puts the plan into the session token. The plans here have the same names.
  planOf: (user) => (user.anonymous ? 'guest' : user.plan === 'pro' ? 'pro' : 'free'),
  anonymousLimits: [{ usd: 1, per: 'day' }],
  cors: { origins: [process.env['APP_ORIGIN'] ?? 'https://my-app.com'] },
});

const app = new Hono();
app.all('/v1/*', guardHono(guard));

const server = serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000) });
process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  server.close();
});
