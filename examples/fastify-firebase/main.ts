import fastify from 'fastify';
import { createGuardedCompletion } from 'guarded-completion';
import { anyOf, firebaseAppCheck, firebaseAuth, userTokens } from 'guarded-completion/auth';
import { guardFastify } from 'guarded-completion/fastify';
import { redisLedger } from 'guarded-completion/redis';
import { Redis } from 'ioredis';

/** Loads Google's keys from another URL, for tests. */
const keysAt = (url: string | undefined) => (url === undefined ? {} : { jwks: url });

const login = firebaseAuth({
  projectId: process.env['FIREBASE_PROJECT_ID'] ?? '',
  ...keysAt(process.env['FIREBASE_JWKS']),
});
const genuineApp = firebaseAppCheck({
  projectNumber: process.env['FIREBASE_PROJECT_NUMBER'] ?? '',
  ...keysAt(process.env['APP_CHECK_JWKS']),
});

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  baseURL: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1',
  ledger: redisLedger(redis),
  // The app sends its Firebase ID token with each call, or exchanges it once for a user token.
  auth: anyOf(userTokens(), login),
  exchange: { auth: login, attest: genuineApp },
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
  // `plan` is a custom claim, which only your own server can set.
  planOf: ({ anonymous, claims }) =>
    anonymous ? 'guest' : claims?.['plan'] === 'pro' ? 'pro' : 'free',
  anonymousLimits: [{ usd: 5, per: 'day' }],
});

// Otherwise a connection that an app keeps open would delay the end of the process.
const app = fastify({ keepAliveTimeout: 5_000 });
await app.register(guardFastify(guard.exchange), { prefix: '/token' });
await app.register(guardFastify(guard), { prefix: '/v1' });
await app.listen({ port: Number(process.env['PORT'] ?? 3000) });

process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  await app.close();
  redis.disconnect();
});
