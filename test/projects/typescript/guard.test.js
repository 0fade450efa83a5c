const { createGuardedCompletion } = require('guarded-completion');
const { toNodeHandler } = require('guarded-completion/node');
const { sqliteLedger } = require('guarded-completion/sqlite');
const { fakeOpenAI } = require('guarded-completion/testing');
const { createServer } = require('node:http');
const OpenAI = require('openai');

test('a call, a count of tokens, a denial', async () => {
  const fake = await fakeOpenAI();
  const guard = createGuardedCompletion({
    apiKey: 'sk-example',
    baseURL: fake.baseURL,
    secret: 'x'.repeat(32),
    ledger: sqliteLedger({ file: ':memory:' }),
    plans: {
      free: {
        models: ['gpt-5-mini'],
        maxOutputTokens: 1_000,
        limits: [
          { tokens: 5_000, per: 'day' },
          { requests: 2, per: '24h' },
        ],
      },
    },
  });
  const server = createServer(toNodeHandler(guard, { prefix: '/v1' })).listen(0);
  try {
    const { value } = await guard.tokens.issue({ user: 'ada' });
    const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
    const openai = new OpenAI({ apiKey: value, baseURL, maxRetries: 0 });
    const ask = (client, content) =>
      client.chat.completions.create({
        model: 'gpt-5-mini',
        messages: [{ role: 'user', content }],
      });
    // Its bytes do not fit: a thread counts its tokens.
    const { choices } = await ask(openai, 'word '.repeat(1_000));
    expect(choices[0].message.content).toBeTruthy();
    await ask(guard.client('ada'), 'Hi');
    await expect(ask(openai, 'Hi')).rejects.toMatchObject({ status: 429, code: 'quota_exceeded' });
  } finally {
    server.close();
    await guard.close();
    await fake.close();
  }
}, 60_000);
