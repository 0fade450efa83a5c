import { inspect } from 'node:util';
import { Pool } from 'pg';
import postgres from 'postgres';
import { createGuardedCompletion } from '../../../src/index.ts';
import { postgresLedger } from '../../../src/ledger/postgres/postgres-ledger.ts';

/** A process that has just started: its first 12 calls come at once, before anything is open. */
const [library = '', url = '', schema = '', baseURL = '', apiKey = '', secret = ''] =
  process.argv.slice(2);
const client =
  library === 'pg'
    ? new Pool({ connectionString: url, max: 8 })
    : postgres(url, { max: 8, onnotice: () => {} });
const guard = createGuardedCompletion({
  apiKey,
  baseURL,
  secret,
  ledger: postgresLedger(client, { schema }),
  plans: {
    free: { models: ['gpt-5-mini'], maxOutputTokens: 50, limits: [{ requests: 15, per: '24h' }] },
  },
});
/** Shown only if a call was not served. */
const failures: string[] = [];
guard.on('failed', (event) => {
  failures.push(`${Math.round(performance.now())} ${inspect(event, { depth: 4 })}`);
});
const call = async (): Promise<number> => {
  const response = await guard.fetchAs('ada')('https://app.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  await response.text();
  return response.status;
};
const statuses = await Promise.all(Array.from({ length: 12 }, call));
process.stdout.write(JSON.stringify({ statuses, failures }), () => process.exit(0));
