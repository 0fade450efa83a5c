import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createGuardedCompletion, toNodeHandler } from 'guarded-completion';

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
const userOf = (request: IncomingMessage): string | undefined =>
  request.headers['x-demo-user']?.toString();

async function issueToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const user = userOf(request);
  if (user === undefined) {
    response.writeHead(401).end();
    return;
  }
  const token = await guard.tokens.issue({ user });
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token));
}

const serveGuard = toNodeHandler(guard, { prefix: '/v1' });
const server = createServer((request, response) =>
  request.method === 'POST' && request.url === '/token'
    ? issueToken(request, response)
    : serveGuard(request, response),
).listen(Number(process.env['PORT'] ?? 3000));

process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  server.close();
});
