import { describe, expect, it } from 'vitest';
import { errorReply, openAIErrors } from '../../../src/testing/fake-openai/error-replies.ts';
import type { Reply } from '../../../src/testing/fake-openai/script.ts';
import { chat, codeOf, post, startFixture, tokenOf } from '../../fixture.ts';

const ids = {
  'x-request-id': 'req_abc123',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
};
const hints = { 'retry-after': '7', 'retry-after-ms': '7000', 'x-should-retry': 'true' };
const account = {
  'set-cookie': 'a=b',
  'openai-organization': 'acme',
  'x-ratelimit-limit-requests': '9',
};

async function ask(reply: Reply, more: Reply['headers'] = {}, stream = false): Promise<Response> {
  await using fixture = await startFixture({ timeouts: { queue: '10ms' } });
  const headers = { ...reply.headers, ...ids, ...account, ...more };
  fixture.fake.script('Say hello.', { reply: { ...reply, headers } });
  const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat({ stream }));
  const body = await answer.text();
  return new Response(body, answer);
}

const pick = (answer: Response, names: object) =>
  Object.fromEntries(Object.keys(names).map((name) => [name, answer.headers.get(name)]));

const passed = [400, 404, 408, 409, 413, 422].map((status): [string, Reply] => [
  String(status),
  errorReply(status, 'invalid_request_error', null, 'No.'),
]);

const refusals: readonly [string, Reply][] = [
  ...passed,
  ['500', openAIErrors.serverError()],
  ['a page of a proxy', { status: 502, body: '<html>Bad gateway' }],
  ['429', openAIErrors.rateLimited(7)],
  ['503', openAIErrors.overloaded()],
  ['401', openAIErrors.invalidApiKey()],
  ['an error in place of an answer', { body: { error: { message: 'No.', type: 'server_error' } } }],
];

describe('The headers of an upstream that refuses', () => {
  it.each(refusals)('Its request id, time and version reach the client: %s', async (_, reply) => {
    for (const stream of [false, true]) {
      const answer = await ask(reply, {}, stream);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(pick(answer, ids)).toEqual(ids);
      expect(pick(answer, account)).toEqual(
        Object.fromEntries(Object.keys(account).map((name) => [name, null])),
      );
    }
  });

  it.each([...passed, refusals[6], refusals[7]] as [string, Reply][])(
    'What it says about repeating the call reaches the client: %s',
    async (_, reply) => {
      expect(pick(await ask(reply, hints), hints)).toEqual(hints);
    },
  );

  it('Where its own limit is waited for in vain, both times say when the guard has a turn again', async () => {
    const answer = await ask(openAIErrors.rateLimited(7), hints);
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'upstream_busy']);
    const seconds = Number(answer.headers.get('retry-after'));
    expect([7, 8, 9]).toContain(seconds);
    expect(answer.headers.get('retry-after-ms')).toBe(String(seconds * 1_000));
    expect(answer.headers.get('x-should-retry')).toBe('true');
  });

  it.each<[string, Reply, string]>([
    ['trouble of the account', openAIErrors.invalidApiKey(), 'upstream_account'],
    ['a success that cannot be read', { body: '<html>' }, 'upstream_failed'],
  ])(
    'Where the guard says that a call must not be repeated, it counts: %s',
    async (_, reply, code) => {
      const answer = await ask(reply, hints);
      expect(await codeOf(answer)).toBe(code);
      expect(pick(answer, hints)).toEqual({
        'retry-after': null,
        'retry-after-ms': null,
        'x-should-retry': 'false',
      });
      expect(pick(answer, ids)).toEqual(ids);
    },
  );

  it.each([
    ['seconds', { 'retry-after': '60' }, '60', null],
    ['more than a minute', { 'retry-after': '61' }, null, null],
    ['ms alone', { 'retry-after-ms': '1500' }, '2', '1500'],
    [
      'a date',
      { 'retry-after': 'Sun, 29 Nov 2026 10:00:09 GMT', date: 'Sun, 29 Nov 2026 10:00:00 GMT' },
      '9',
      null,
    ],
    ['what is no time', { 'retry-after': 'soon' }, null, null],
    ['a repeat that it rules out', { 'retry-after': '9', 'x-should-retry': 'false' }, null, null],
  ])('A wait is passed on up to a minute: %s', async (_, headers, after, afterMs) => {
    const answer = await ask(openAIErrors.serverError(), headers as Reply['headers']);
    expect(answer.headers.get('retry-after')).toBe(after);
    expect(answer.headers.get('retry-after-ms')).toBe(afterMs);
  });
});

describe('A refusal in the form of another host', () => {
  const text = { 'content-type': 'text/plain' };
  it.each<[string, Reply, string]>([
    ['Ollama', { body: { error: 'model "x" not found' } }, 'model "x" not found'],
    ['vLLM', { body: { object: 'error', message: 'Too long.', code: 400 } }, 'Too long.'],
    ['FastAPI, a text', { body: { detail: 'Not allowed.' } }, 'Not allowed.'],
    [
      'FastAPI, a list',
      { body: { detail: [{ loc: ['body', 'top_k'], msg: 'Extra input' }] } },
      'Extra input',
    ],
    ['Gemini', { body: [{ error: { code: 400, message: 'Bad argument.' } }] }, 'Bad argument.'],
    ['plain text', { body: '404 page not found\n', headers: text }, '404 page not found'],
    ['HTML', { body: '<html><title>Not here</title><p>x' }, 'Not here'],
    ['nothing', { body: '' }, 'The upstream "main" refused the request with status 4'],
    [
      'other JSON',
      { body: { errors: [1] } },
      'The upstream "main" refused the request with status 4',
    ],
  ])('A 4xx stays its status with its message: %s', async (_, reply, message) => {
    for (const status of [400, 404, 405, 408, 413, 422]) {
      const answer = await ask({ ...reply, status });
      expect(answer.status).toBe(status);
      const { error } = (await answer.json()) as { error: { message: string } };
      expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
      expect(error.message).toContain(message);
    }
  });

  it('A key and an account in plain text are redacted', async () => {
    const answer = await ask({ status: 400, body: 'bad key sk-live-1234567890 of org-acme1234' });
    expect(await answer.text()).not.toMatch(/sk-live|org-acme/);
  });

  it('A model that the account lacks is denied as model_not_allowed, and costs nothing', async () => {
    await using fixture = await startFixture();
    fixture.fake.scriptNext({
      reply: errorReply(
        403,
        'invalid_request_error',
        'model_not_found',
        'Project `proj_abcdefgh` has no access.',
      ),
    });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect([answer.status, answer.headers.get('x-guard-code')]).toEqual([403, 'model_not_allowed']);
    expect(await answer.text()).not.toContain('proj_');
    expect(fixture.released).toHaveLength(1);
    expect(fixture.failed).toMatchObject([{ source: 'upstream_account' }]);
  });
});
