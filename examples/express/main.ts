import express, { type Request } from 'express';
import { createGuardedCompletion } from 'guarded-completion';
import { guardExpress } from 'guarded-completion/express';
import { sqliteLedger } from 'guarded-completion/sqlite';

const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  baseURL: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1',
  // One file: usage and blocks survive a restart.
  ledger: sqliteLedger({ file: process.env['GUARD_DB'] ?? 'guard.db' }),
  plans: {
    free: {
      models: ['gpt-5-mini'],
      maxOutputTokens: 1_000,
      limits: [{ requests: 20, per: '24h' }, { usd: 0.05, per: 'day' }, { concurrent: 2 }],
    },
  },
});

/** YOUR LOGIN GOES HERE: a session, a cookie, a JWT. This stub trusts whatever the header contains. */
const userOf = (request: Request): string | undefined => request.get('x-demo-user');

const app = express();
app.post('/token', async (request, response) => {
  const user = userOf(request);
  if (user === undefined) response.sendStatus(401);
  else response.json(await guard.tokens.issue({ user }));
});
app.use('/v1', guardExpress(guard));

const server = app.listen(Number(process.env['PORT'] ?? 3000));
process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  server.close();
});
