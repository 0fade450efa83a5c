import { describe, expect, it } from 'vitest';
import type { Reply } from '../../src/testing/index.ts';
import { limitCounts, nextEnding } from '../attacks/served.ts';
import { canaries, chat, type Fixture, MODEL, startFixture, tokenOf } from '../fixture.ts';
import { plans } from './proxied.ts';

interface Refusal {
  /** The status with which OpenAI refuses a call for this reason. */
  readonly status: number;
  readonly error: Record<string, unknown>;
  /** What the client gets. */
  readonly expected: readonly [status: number, code: string | null];
  readonly told?: 'upstream_account';
  readonly charged?: true;
}

const account = { expected: [503, 'upstream_account'], told: 'upstream_account' } as const;
const OUR_ACCOUNT = 'You exceeded your current quota, please check your plan and billing details.';

const refusals: Record<string, Refusal> = {
  insufficient_quota: {
    status: 429,
    error: {
      message: OUR_ACCOUNT,
      type: 'insufficient_quota',
      param: null,
      code: 'insufficient_quota',
    },
    ...account,
  },
  'a quota without a code': {
    status: 429,
    error: { message: OUR_ACCOUNT, type: null, param: null, code: null },
    ...account,
  },
  billing_not_active: {
    status: 429,
    error: { message: 'Pay first.', type: 'billing', param: null, code: 'billing_not_active' },
    ...account,
  },
  invalid_api_key: {
    status: 401,
    error: {
      message: `Incorrect API key provided: ${canaries.apiKey}.`,
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
    ...account,
  },
  'a status of payment in the code': {
    status: 402,
    error: { message: 'Insufficient credits', code: 402 },
    ...account,
  },
  rate_limit_exceeded: {
    status: 429,
    error: {
      message: 'Rate limit reached in organization org-fakeOrganization.',
      type: 'tokens',
      param: null,
      code: 'rate_limit_exceeded',
    },
    expected: [503, 'upstream_busy'],
  },
  server_is_overloaded: {
    status: 503,
    error: { message: 'Busy.', type: 'service_unavailable_error', code: 'server_is_overloaded' },
    expected: [503, 'upstream_busy'],
  },
  server_error: {
    status: 500,
    error: {
      message: 'Sorry about that!',
      type: 'server_error',
      param: null,
      code: 'server_error',
    },
    expected: [502, 'upstream_failed'],
  },
  'an error without any code': {
    status: 500,
    error: { message: 'Something of org-fakeOrganization broke.' },
    expected: [502, 'upstream_failed'],
  },
  'a request that is wrong': {
    status: 400,
    error: {
      message: 'The image is too large.',
      type: 'invalid_request_error',
      param: 'messages',
      code: 'image_too_large',
    },
    expected: [400, 'image_too_large'],
    charged: true,
  },
};

/** Enough to see that a way of calling is served alike. */
const FIRST = Object.fromEntries(Object.entries(refusals).slice(0, 1));

type Form = (error: Record<string, unknown>) => Reply;

const EVENTS = { 'content-type': 'text/event-stream' };
const json = (value: unknown) => JSON.stringify(value);
const events = (...frames: readonly string[]): Reply => ({
  headers: EVENTS,
  body: frames.map((frame) => `${frame}\n\n`).join(''),
});
const typed = (type: string, data: object) => `event: ${type}\ndata: ${json({ type, ...data })}`;

const chunkForms: Record<string, Form> = {
  'the first event': (error) => events(`data: ${json({ error })}`),
  'the first event, then [DONE]': (error) => events(`data: ${json({ error })}`, 'data: [DONE]'),
  'an event of the name error': (error) => events(`event: error\ndata: ${json({ error })}`),
  'a flat event of the name error': (error) => events(`event: error\ndata: ${json(error)}`),
  'an event behind a comment': (error) => events(': hello', `data: ${json({ error })}`),
  'an event with CRLF': (error) => ({
    headers: EVENTS,
    body: `data: ${json({ error })}\r\n\r\n`,
  }),
  'an event without its end': (error) => ({ headers: EVENTS, body: `data: ${json({ error })}` }),
  'plain JSON in a stream': (error) => ({ headers: EVENTS, body: json({ error }) }),
  'JSON of status 200': (error) => ({ body: { error } }),
  'indented JSON of status 200': (error) => ({ body: JSON.stringify({ error }, null, 2) }),
};
const eventForms: Record<string, Form> = {
  'a wrapped event': (error) => events(typed('error', { error })),
  'a flat event': (error) => events(typed('error', { ...error, type: 'error' })),
  'an event without a name': (error) => events(`data: ${json({ type: 'error', error })}`),
  'a failed response': (error) =>
    events(typed('response.failed', { response: { error, output: [] } })),
  'JSON of status 200': (error) => ({ body: { error } }),
  'a failed response of status 200': (error) => ({
    body: { id: 'resp_1', object: 'response', status: 'failed', error, output: [], usage: null },
  }),
};

const endpoints = [
  { name: 'chat', path: '/v1/chat/completions', body: chat(), forms: chunkForms },
  {
    name: 'completions',
    path: '/v1/completions',
    body: { model: MODEL, prompt: 'hi' },
    forms: { 'the first event': chunkForms['the first event'] as Form },
  },
  {
    name: 'responses',
    path: '/v1/responses',
    body: { model: MODEL, input: 'hi' },
    forms: eventForms,
  },
];

type Send = (fixture: Fixture, path: string, body: object) => Promise<Response>;
const ways: Record<string, Send> = {
  HTTP: async ({ guard }, path, body) =>
    guard.handler(
      new Request(`http://app.test${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await tokenOf(guard)}`,
          'content-type': 'application/json',
        },
        body: json(body),
      }),
    ),
  fetchAs: async ({ guard }, path, body) =>
    guard.fetchAs('ada')(`http://in.process${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: json(body),
    }),
};

/** Everything that a refusal leads to. */
async function consequences(send: Send, path: string, body: object, reply: Reply) {
  await using fixture = await startFixture({ plans, timeouts: { queue: '10ms' } });
  const { fake, guard, failed } = fixture;
  fake.script(/./, { reply });
  const ending = nextEnding(guard, 'ada');
  const answer = await send(fixture, path, body);
  const text = await answer.text();
  expect(text).not.toMatch(/billing|org-fake|Pay first|credits/);
  expect(text).not.toContain(canaries.apiKey.slice(10));
  const { error } = JSON.parse(text);
  const ended = await ending;
  const counts = await Promise.all(
    ['requests', 'tokens', 'concurrent'].map((unit) => limitCounts(guard, 'ada', unit)),
  );
  expect(fake.requests).toHaveLength(1);
  return {
    got: [answer.status, error.code],
    contentType: answer.headers.get('content-type'),
    shouldRetry: answer.headers.get('x-should-retry'),
    message: error.message,
    ended: 'released' in ended ? 'released' : ended.settled.estimated,
    counts,
    failed: failed.map(({ source }) => source),
  };
}

describe.each(endpoints)('A refusal inside an answer of $name', ({ path, body, forms }) => {
  const cases = Object.entries(ways).flatMap(([way, send]) =>
    Object.entries(forms).flatMap(([form, replyOf]) =>
      Object.entries(way === 'HTTP' ? refusals : FIRST).map(([name, refusal]) => ({
        way,
        send,
        form,
        replyOf,
        name,
        refusal,
      })),
    ),
  );

  it.each(cases)(
    '$name has the same response, charge and event as $form as with its status, by $way',
    async ({ send, replyOf, refusal }) => {
      const { status, error, expected, told, charged } = refusal;
      const asked = { ...body, stream: true };
      const inside = await consequences(send, path, asked, replyOf(error));
      expect(inside).toEqual(await consequences(send, path, asked, { status, body: { error } }));
      expect(inside.got).toEqual(expected);
      expect(inside.failed).toEqual([told ?? 'upstream']);
      expect(inside.counts[1]).toEqual({ used: 0, held: 0 });
      expect(inside.ended).toBe(charged ? false : 'released');
    },
  );
});

describe('A refusal in the first event of a stream', () => {
  const { error } = refusals['invalid_api_key'] as Refusal;
  const refused = events(`data: ${json({ error })}`);

  it('A key that is refused so is replaced once, as with a status', async () => {
    const apiKey = (_user: unknown, { refused }: { refused?: string }) =>
      refused === undefined ? 'sk-a-key-that-was-revoked' : canaries.apiKey;
    const apiKeys = ['sk-a-key-that-was-revoked', canaries.apiKey];
    await using fixture = await startFixture({ plans, apiKey }, { apiKeys });
    // OpenAI repeats no key here, because it was sent another one than the canary.
    const wordless = { ...error, message: 'Incorrect API key provided.' };
    fixture.fake.scriptNext({ reply: events(`data: ${json({ error: wordless })}`) });
    const send = ways['HTTP'] as Send;
    const answer = await send(fixture, '/v1/chat/completions', chat({ stream: true }));
    expect(await answer.text()).toContain('[DONE]');
    expect([answer.status, fixture.failed, fixture.fake.requests.length]).toEqual([200, [], 2]);
  });

  it.each([undefined, globalThis.fetch])(
    'A refusal that comes long after the headers costs nothing either (%#)',
    async (fetch) => {
      await using fixture = await startFixture({ plans, ...(fetch && { fetch }) });
      const { fake, guard, failed } = fixture;
      const gate = fake.gate();
      const reply = { ...refused, body: `: first\n\n${refused.body}` };
      fake.scriptNext({ reply, cuts: [9], betweenChunks: gate });
      const ending = nextEnding(guard, 'ada');
      const send = ways['HTTP'] as Send;
      const answer = await send(fixture, '/v1/chat/completions', chat({ stream: true }));
      gate.open();
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'text/event-stream',
      ]);
      const text = await answer.text();
      expect(text).toContain('"code":"upstream_account"');
      expect(text).not.toContain(canaries.apiKey.slice(10));
      expect(await ending).toEqual({ released: true });
      expect(failed.map(({ source }) => source)).toEqual(['upstream_account']);
    },
  );
});
