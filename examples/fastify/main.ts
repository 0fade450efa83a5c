import fastify, { type FastifyRequest } from 'fastify';
import { createGuardedCompletion } from 'guarded-completion';
import { guardFastify } from 'guarded-completion/fastify';

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
const userOf = (request: FastifyRequest): string | undefined =>
  request.headers['x-demo-user']?.toString();

// Otherwise a connection that an app keeps open would delay the end of the process.
const app = fastify({ keepAliveTimeout: 5_000 });
app.post('/token', async (request, reply) => {
  const user = userOf(request);
  return user === undefined ? reply.code(401).send() : guard.tokens.issue({ user });
});
await app.register(guardFastify(guard), { prefix: '/v1' });

await app.listen({ port: Number(process.env['PORT'] ?? 3000) });
process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  await app.close();
});
