import { describe, expect, it } from 'vitest';
import { createGuardedCompletion } from '../../../src/index.ts';
import { fakeOpenAI } from '../../../src/testing/index.ts';
import { openRouter } from '../../../src/upstream/index.ts';
import { Redaction } from '../../../src/upstream/redaction.ts';
import { type Refusal, readRefusal } from '../../../src/upstream/upstream-refusal.ts';
import { canaries } from '../../canary.ts';
import { chat, post, tokenOf } from '../../fixture.ts';
import { KEY } from './hosts-under-test.ts';
import { MODERATED, TEAM, UNSAFE } from './refused-content.ts';

const geminiError = (code: number, status: string, message: string) => [
  { error: { code, message, status } },
];
const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';

type Case = readonly [
  title: string,
  kind: string,
  status: number,
  body: unknown,
  headers?: Readonly<Record<string, string>>,
];

/** Bodies as the hosts send them (their docs and issues, 2025-08 to 2026-11). */
const cases: readonly Case[] = [
  ['input that OpenRouter flags', 'content', 403, MODERATED],
  ['input that breaks the rules of xAI', 'content', 403, UNSAFE],
  [
    'input that breaks the rules of DeepSeek',
    'content',
    400,
    { error: { message: 'Content Exists Risk', type: 'invalid_request_error', param: null } },
  ],
  [
    'input that Azure filters',
    'content',
    400,
    { error: { message: 'The response was filtered', param: 'prompt', code: 'content_filter' } },
  ],
  [
    'a spent limit of a key of OpenRouter',
    'account',
    403,
    { error: { message: 'Key limit exceeded (daily limit).', code: 403 } },
  ],
  [
    'no credits at OpenRouter',
    'account',
    402,
    { error: { message: 'Insufficient credits. Add more.', code: 402 } },
  ],
  [
    'too much in flight for the credits at OpenRouter',
    'busy',
    402,
    { error: { message: 'Your requests in flight fill the budget.', code: 402 } },
    { 'retry-after': '3' },
  ],
  [
    'no balance at DeepSeek',
    'account',
    402,
    { error: { message: 'Insufficient Balance', type: 'unknown_error' } },
  ],
  [
    'no credits at xAI',
    'account',
    429,
    {
      code: 'Some resource has been exhausted',
      error: `Your team ${TEAM} has either used all available credits or reached its monthly spending limit.`,
    },
  ],
  [
    'a wrong key at xAI',
    'key',
    400,
    { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: na***ys.' },
  ],
  [
    'a wrong key at Gemini',
    'key',
    400,
    geminiError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
  ],
  [
    'a country that Gemini does not serve',
    'account',
    400,
    geminiError(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
  ],
  [
    'the limit of a minute at Gemini',
    'busy',
    429,
    geminiError(429, 'RESOURCE_EXHAUSTED', `${QUOTA} Please retry in 45.578569677s.`),
  ],
  [
    'the limit of a minute at Gemini, in short',
    'busy',
    429,
    geminiError(
      429,
      'RESOURCE_EXHAUSTED',
      `${QUOTA} For more information, head to: https://ai.google.dev/gemini-api/docs/rate-limits.`,
    ),
  ],
  ['a spent quota without a code', 'account', 429, { error: { message: QUOTA } }],
  [
    'a tier of Groq without capacity',
    'busy',
    498,
    { error: { message: 'Flex tier capacity exceeded', code: 'capacity_exceeded' } },
  ],
  [
    'a busy model of Mistral',
    'busy',
    429,
    { object: 'error', message: 'Service tier capacity exceeded for this model.', code: '3505' },
  ],
  [
    'a model that DeepSeek does not have',
    'no model',
    400,
    { error: { message: 'Model Not Exist', type: 'invalid_request_error', param: null } },
  ],
  [
    'a model that OpenRouter does not have',
    'no model',
    400,
    { error: { message: 'a/b is not a valid model ID', code: 400 } },
  ],
  [
    'a model without a provider at OpenRouter',
    'no model',
    404,
    { error: { message: 'No endpoints found for a/b.', code: 404 } },
  ],
  [
    'a model that Groq has no longer',
    'no model',
    400,
    { error: { message: 'The model has been decommissioned.', code: 'model_decommissioned' } },
  ],
  [
    'a model that Ollama does not have',
    'no model',
    404,
    { error: { message: 'model "x" not found, try pulling it first', type: 'api_error' } },
  ],
  [
    'words about an account that a host repeats from a request',
    'content',
    400,
    { object: 'error', message: 'Invalid grammar: "insufficient balance, incorrect api key"' },
  ],
];

const named = cases.map(([title, kind, status, body, headers]) => {
  return { title, kind, status, body, headers };
});

function kindOf({ account, status, passing, noModel, forContent }: Refusal): string {
  if (account) return status === 401 ? 'key' : 'account';
  if (passing) return 'busy';
  if (noModel) return 'no model';
  return forContent ? 'content' : 'failure';
}

function refusalOf(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const header = (name: string) => headers[name];
  const bytes = Buffer.from(JSON.stringify(body));
  return readRefusal({ status, header } as never, bytes, new Redaction(KEY));
}

describe('what a refusal of another host means', () => {
  it.each(named)('$title: $kind', ({ kind, status, body, headers }) => {
    expect(kindOf(refusalOf(status, body, headers))).toBe(kind);
  });

  it('the words of xAI reach the client without its names of teams and keys', () => {
    const { ending } = refusalOf(403, UNSAFE);
    const text = JSON.stringify(ending);
    expect(text).toContain('Content violates usage guidelines');
    expect(text).not.toContain(TEAM);
  });

  it('input that is refused pauses no upstream', async () => {
    await using fake = await fakeOpenAI({ dialect: 'openrouter', apiKeys: [KEY] });
    fake.script('bad', { reply: { status: 403, body: JSON.stringify(MODERATED) } });
    const spec = openRouter({ apiKey: KEY, baseURL: fake.baseURL });
    const guard = createGuardedCompletion({
      logger: false,
      upstreams: { one: spec, two: spec },
      secret: canaries.secret,
      plans: { free: { models: ['openai/gpt-5-mini'] } },
    });
    const failed: unknown[] = [];
    guard.on('failed', (event) => void failed.push(event));
    const ask = async (content: string) => {
      const messages = [{ role: 'user', content }];
      const body = { ...chat(), model: 'openai/gpt-5-mini', messages };
      const answer = await post(guard, await tokenOf(guard), body);
      await answer.text();
      return answer.status;
    };
    try {
      expect([await ask('bad'), await ask('good')]).toEqual([403, 200]);
      const upstream = { status: 403, causedByRequest: true, final: true };
      expect(failed).toMatchObject([{ source: 'upstream', upstream }]);
      expect(guard.upstreams.status().map(({ circuit }) => circuit.state)).toEqual([
        'closed',
        'closed',
      ]);
    } finally {
      await guard.close({ graceMs: 0 });
    }
  });
});
