import { afterEach, expect, it, vi } from 'vitest';
import { createGuardedCompletion, type Guard } from '../../src/index.ts';
import { openAI, openAICompatible } from '../../src/upstream/index.ts';
import { canaries, MODEL } from '../fixture.ts';

const { apiKey, secret } = canaries;
const baseURL = 'https://gateway.example/v1/?api-version=1&tag=a%20b';
const SENT = 'https://gateway.example/v1/chat/completions?api-version=1&tag=a+b';
const fetch = vi.fn<typeof globalThis.fetch>();

let guard: Guard | undefined;
afterEach(() => guard?.close({ graceMs: 0 }));

it.each([
  ['the option "baseURL"', { apiKey, baseURL, fetch }],
  ['openAI', { upstreams: { main: openAI({ apiKey, baseURL, fetch }) } }],
  [
    'openAICompatible',
    { upstreams: { main: openAICompatible({ apiKey, baseURL, fetch, dialect: 'openai' }) } },
  ],
])('The query of a base URL is sent with every call, with %s', async (_, options) => {
  fetch.mockReset().mockImplementation(async () => Response.json({ choices: [] }));
  guard = createGuardedCompletion({ secret, plans: { free: { models: [MODEL] } }, ...options });
  await guard.client('ada').chat.completions.create({ model: MODEL, messages: [] });
  expect(String(fetch.mock.calls[0]?.[0])).toBe(SENT);
});
