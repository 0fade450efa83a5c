import { describe, expect, it } from 'vitest';
import { limitCounts, nextEnding } from '../attacks/served.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { incoming } from './incoming.ts';
import { plans } from './proxied.ts';

const EVENTS = { 'content-type': 'text/event-stream' };
const json = (value: unknown) => JSON.stringify(value);
const typed = (type: string, sequence_number: number, data: object) =>
  `event: ${type}\ndata: ${json({ type, sequence_number, ...data })}\n\n`;

const CREATED = typed('response.created', 0, { response: { error: null, output: [] } });
const IN_PROGRESS = typed('response.in_progress', 1, { response: { error: null, output: [] } });
const DELTA = typed('response.output_text.delta', 2, { delta: 'one', sequence: 9 });
const AZURE = `data: ${json({ choices: [], id: '', prompt_filter_results: [] })}\n\n`;
const TEXT = `data: ${json({ id: 'c', choices: [{ index: 0, delta: { content: 'one' } }] })}\n\n`;

const QUOTA = {
  message: 'You exceeded your current quota, please check your plan and billing details.',
  type: 'insufficient_quota',
  param: null,
  code: 'insufficient_quota',
};
const BUSY = {
  message: 'Rate limit reached in organization org-fakeOrganization.',
  type: 'tokens',
  param: null,
  code: 'rate_limit_exceeded',
};
const SERVER = {
  message: 'Sorry about that!',
  type: 'server_error',
  param: null,
  code: 'server_error',
};
const WRONG = {
  message: 'The image is too large.',
  type: 'invalid_request_error',
  param: null,
  code: 'image_too_large',
};

type Form = readonly [name: string, path: string, begin: string, event: (error: object) => string];
const responses = (name: string, event: Form[3]): Form => [
  name,
  '/v1/responses',
  CREATED + IN_PROGRESS,
  event,
];
/** Errors behind the beginning of a stream, before anything was made. */
const forms: readonly Form[] = [
  responses('a wrapped error', (error) => typed('error', 2, { error })),
  responses('a flat error', (error) => typed('error', 2, { ...error, type: 'error' })),
  responses('a failed response', (error) => typed('response.failed', 2, { response: { error } })),
  ['an error of Azure', '/v1/chat/completions', AZURE, (error) => `data: ${json({ error })}\n\n`],
];
const bodyFor = (path: string) =>
  path === '/v1/responses' ? { model: MODEL, input: 'hi', stream: true } : chat({ stream: true });

async function ask(path: string, body: string) {
  await using fixture = await startFixture({ plans });
  const { guard, fake, failed } = fixture;
  fake.scriptNext({ reply: { body, headers: EVENTS, billed: true } });
  const ending = nextEnding(guard, 'ada');
  const answer = await post(guard, await tokenOf(guard), bodyFor(path), path);
  const text = await answer.text();
  const ended = await ending;
  const tokens = await limitCounts(guard, 'ada', 'tokens');
  return { status: answer.status, text, ended, tokens, failed: failed.map(({ source }) => source) };
}

describe.each(forms)('%s behind the beginning of a stream', (_name, path, begin, event) => {
  it.each([
    ['insufficient_quota', QUOTA, 'upstream_account', ['upstream_account']],
    ['rate_limit_exceeded', BUSY, 'upstream_busy', ['upstream']],
    ['server_error', SERVER, 'server_error', ['upstream']],
    ['image_too_large', WRONG, 'image_too_large', ['upstream']],
  ])(
    'An error %s before any part of the answer costs no tokens and says nothing of the account',
    async (_code, error, shown, told) => {
      const { status, text, ended, tokens, failed } = await ask(path, begin + event(error));
      expect(status).toBe(200);
      expect(text.startsWith(begin)).toBe(true);
      expect(text).toContain(`"code":"${shown}"`);
      expect(text).not.toMatch(/billing|org-fake/);
      expect(tokens).toEqual({ used: 0, held: 0 });
      expect('released' in ended).toBe(error !== WRONG);
      expect(failed).toEqual(told);
    },
  );
});

describe('An error behind a part of the answer', () => {
  it.each([
    ['/v1/responses', CREATED + IN_PROGRESS + DELTA, typed('error', 3, { error: QUOTA })],
    [
      '/v1/responses',
      CREATED + IN_PROGRESS + DELTA,
      typed('response.failed', 3, { response: { error: QUOTA } }),
    ],
    ['/v1/chat/completions', TEXT, `data: ${json({ error: QUOTA })}\n\n`],
  ])(
    'An error of the account in a stream of %s is charged, reported, and shown without its words',
    async (path, begin, event) => {
      const { text, ended, failed } = await ask(path, begin + event);
      expect(text.startsWith(begin)).toBe(true);
      expect(text).toContain('"code":"upstream_account"');
      expect(text).not.toContain('billing');
      expect(ended).toMatchObject({ settled: { estimated: true, outputTokens: 100 } });
      expect(failed).toEqual(['upstream_account']);
    },
  );

  it('An error event in any number of pieces is shown without its words', async () => {
    await using fixture = await startFixture({ plans });
    const { guard, fake } = fixture;
    const body = `${TEXT}data: ${json({ error: QUOTA })}\n\n`;
    fake.scriptNext({ cuts: 1, reply: { body, headers: EVENTS } });
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    const text = await answer.text();
    expect(text).toContain('upstream_account');
    expect(text).not.toContain('quota,');
  });
});

describe('The sequence number of the guard’s own error event', () => {
  const numbersIn = (text: string) =>
    [...text.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number));

  it.each([
    ['nothing', CREATED.slice(0, 0), [0]],
    ['the first event', CREATED, [0, 1]],
    ['two events', CREATED + IN_PROGRESS, [0, 1, 2]],
    ['a comment', `${CREATED}: hello\n\n`, [0, 1]],
    ['a part of an event', CREATED + IN_PROGRESS.slice(0, 60), [0, 1]],
    [
      'text that names a number',
      CREATED + typed('response.output_text.delta', 1, { delta: '"sequence_number":99' }),
      [0, 1, 2],
    ],
  ])('The error event continues the numbers behind %s', async (_, body, numbers) => {
    const { text } = await ask('/v1/responses', body);
    expect(numbersIn(text.replaceAll('\\"', "'"))).toEqual(numbers);
  });

  it('An error event in place of OpenAI’s has its number', async () => {
    const { text } = await ask('/v1/responses', CREATED + typed('error', 1, { error: QUOTA }));
    expect(numbersIn(text)).toEqual([0, 1]);
  });

  it('The error event of a block continues the numbers', async () => {
    await using fixture = await startFixture({ plans });
    const { guard, fake } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', betweenChunks: gate });
    const body = bodyFor('/v1/responses');
    const answer = await post(guard, await tokenOf(guard), body, '/v1/responses');
    const stream = incoming(answer);
    await stream.until('response.created');
    await guard.users.block('ada', { reason: 'abuse' });
    const numbers = numbersIn(await stream.whole());
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(numbers.length).toBeGreaterThan(1);
  });
});
