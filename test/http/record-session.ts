import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGuardedCompletion, memoryLedger, toNodeHandler } from '../../src/index.ts';
import { fakeOpenAI } from '../../src/testing/index.ts';
import { rawExchange, rawPost } from './client.ts';

/** What one client sent, what it received, and what OpenAI received because of it. */
export interface RecordedCall {
  readonly name: string;
  readonly received: string;
  readonly upstream: readonly string[];
}

const NOW_MS = 1_790_000_000_000;
const MODEL = 'gpt-5-mini';
const chat = (more: object = {}) => ({
  model: MODEL,
  messages: [{ role: 'user', content: 'Say hello.' }],
  ...more,
});
const input = (more: object = {}) => ({ model: MODEL, input: 'Say hello.', ...more });

/** Each POST by its name, path and body; a text is sent as it is. */
const POSTS: readonly (readonly [name: string, path: string, body: unknown])[] = [
  ['a chat', '/chat/completions', chat()],
  [
    'a chat with a cap, choices and a user',
    '/chat/completions',
    chat({ max_tokens: 20, n: 2, user: 'me' }),
  ],
  ['a chat as a stream', '/chat/completions', chat({ stream: true })],
  [
    'a chat as a stream with usage',
    '/chat/completions',
    chat({ stream: true, stream_options: { include_usage: true } }),
  ],
  ['a response', '/responses', input()],
  ['a response as a stream', '/responses', input({ stream: true })],
  ['a completion', '/completions', { model: MODEL, prompt: 'Once', max_tokens: 9 }],
  [
    'embeddings',
    '/embeddings',
    { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 4 },
  ],
  ['a moderation', '/moderations', { model: 'omni-moderation-latest', input: 'Say hello.' }],
  ['a body that is no JSON', '/chat/completions', '{"model":'],
  ['a body with a key twice', '/chat/completions', '{"model":"a","model":"b","messages":[]}'],
  ['a field that does not exist', '/chat/completions', chat({ surprise: true })],
  ['a field that must be a number', '/chat/completions', chat({ temperature: 'warm' })],
  ['a hosted tool outside the plan', '/responses', input({ tools: [{ type: 'web_search' }] })],
  ['a model outside the plan', '/chat/completions', chat({ model: 'gpt-5-pro' })],
  ['too many choices', '/chat/completions', chat({ n: 100 })],
  ['a query parameter', '/chat/completions?debug=1', chat()],
  ['an unknown endpoint', '/nothing', {}],
  ['a method that is not served', '/models', {}],
];

const get = (path: string, token: string, more = '') =>
  `GET /v1${path} HTTP/1.1\r\nhost: app.test\r\nauthorization: Bearer ${token}\r\n${more}\r\n`;
const preflight =
  'OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: app.test\r\norigin: https://app.example\r\naccess-control-request-method: POST\r\n\r\n';

/** Serves one guard to a fixed session of raw requests, and returns the bytes of each call. */
export async function recordSession(): Promise<readonly RecordedCall[]> {
  const clock = { nowMs: () => NOW_MS };
  await using fake = await fakeOpenAI();
  const limits = [{ requests: 15, per: '24h' }, { usd: 1, per: 'day' as const }, { concurrent: 2 }];
  const models = [MODEL, 'text-embedding-3-small', 'omni-moderation-latest'];
  const guard = createGuardedCompletion({
    apiKey: 'sk-recorded',
    baseURL: fake.baseURL,
    secret: 'a secret that is the same in each recording',
    ledger: memoryLedger({ clock }),
    clock,
    plans: { free: { models, maxOutputTokens: 100, limits } },
    cors: { origins: ['https://app.example'] },
  });
  const handle = toNodeHandler(guard, { prefix: '/v1' });
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { value: token } = await guard.tokens.issue({ user: 'ada' });

  const calls: RecordedCall[] = [];
  const record = async (name: string, bytes: string) => {
    const before = fake.requests.length;
    const received = stable(await rawExchange(port, bytes));
    const upstream = fake.requests.slice(before).map(({ method, url, headers, bodyText }) => {
      const head = headers.map(([key, value]) => `${key}: ${value}`).join('\n');
      return stable(`${method} ${url}\n${head}\n\n${bodyText}`);
    });
    calls.push({ name, received, upstream });
  };
  const post = (name: string, path: string, body: unknown, as = token) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return record(name, rawPost(`/v1${path}`, as, text, 'connection: close\r\n'));
  };
  for (const [name, path, body] of POSTS) await post(name, path, body);
  await record('the list of models', get('/models', token));
  await record('a model of the plan', get(`/models/${MODEL}`, token));
  await record('a model outside the plan by its id', get('/models/gpt-5-pro', token));
  await record('a preflight', preflight);
  await post('a credential that is no token', '/chat/completions', chat(), 'nonsense');
  for (let more = 0; more < 8; more += 1)
    await post(`chat ${more} of the rest`, '/chat/completions', chat());
  await guard.users.block('ada', { reason: 'spam' });
  await post('a blocked user', '/chat/completions', chat());
  await guard.close({ graceMs: 0 });
  server.closeAllConnections();
  server.close();
  return calls;
}

/** Replaces what differs in each run: dates, ports, ids that are random, and times of creation. */
function stable(text: string): string {
  return text
    .replaceAll(/^date: .*$/gim, 'date: (date)')
    .replaceAll(/^host: .*$/gim, 'host: (host)')
    .replaceAll(/guard_[0-9a-f-]{36}/g, 'guard_(uuid)')
    .replaceAll(/"(created|created_at|completed_at)":\d+/g, '"$1":(time)')
    .replaceAll(/^openai-processing-ms: .*$/gim, 'openai-processing-ms: (ms)');
}
