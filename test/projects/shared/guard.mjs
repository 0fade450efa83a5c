// The guard of the apps: a key is the name of its user.
import { createGuardedCompletion } from 'guarded-completion';
import { authenticate } from 'guarded-completion/auth';

export const guard = createGuardedCompletion({
  apiKey: process.env.OPENAI_API_KEY,
  secret: process.env.GUARD_SECRET,
  baseURL: process.env.OPENAI_BASE_URL,
  auth: authenticate((request) => request.header('authorization')?.replace('Bearer ', '')),
  plans: { free: { models: ['gpt-5-mini'], limits: [{ requests: 3, per: '24h' }] } },
  ...(process.env.SQLITE && {
    ledger: (await import('guarded-completion/sqlite')).sqliteLedger({ file: ':memory:' }),
  }),
});
