import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serveFixture } from '../attacks/served.ts';
import { spiedLedger } from '../attacks/spied-ledger.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { rawExchange, rawPost, statusOf } from '../http/client.ts';

const NUMBERS = [
  '-5',
  '0',
  '-0',
  '1e309',
  '1.5',
  '"999"',
  'true',
  '[1]',
  '{}',
  '9007199254740993',
  'NaN',
  '1e2',
];
const FIELDS = [
  ['/v1/chat/completions', 'max_tokens', chat()],
  ['/v1/chat/completions', 'max_completion_tokens', chat()],
  ['/v1/chat/completions', 'n', chat()],
  ['/v1/responses', 'max_output_tokens', { model: MODEL, input: 'hi' }],
  ['/v1/completions', 'max_tokens', { model: MODEL, prompt: 'hi' }],
  ['/v1/completions', 'best_of', { model: MODEL, prompt: 'hi' }],
  ['/v1/completions', 'n', { model: MODEL, prompt: 'hi' }],
] as const;
const limits = [
  { tokens: 1_000_000, per: '24h' },
  { usd: 100, per: 'day' },
] as const;
const plans = { free: { models: [MODEL], maxOutputTokens: 100, maxChoices: 4, limits } };

describe('An invalid number', () => {
  it.each(FIELDS)('An invalid number on %s is rejected: "%s"', async (path, name, body) => {
    const ledger = spiedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const token = await tokenOf(fixture.guard);
    for (const number of NUMBERS) {
      const text = JSON.stringify({ ...body, [name]: 0 }).replace(
        `"${name}":0`,
        `"${name}":${number}`,
      );
      const answer = await post(fixture.guard, token, text, path);
      const valid = number === '1e2' || number === '9007199254740993';
      if (!valid) expect([number, answer.status]).toEqual([number, 400]);
      await answer.text();
    }
    for (const { held } of ledger.reserved) {
      const { upstreamTokens: _, images, seconds, ...own } = held;
      expect(Math.min(...Object.values(own))).toBeGreaterThan(0);
      expect([images, seconds]).toEqual([0, 0]);
    }
    for (const { body: sent } of fixture.fake.requests) {
      const { max_tokens, max_completion_tokens, max_output_tokens } = sent as Record<
        string,
        number
      >;
      const cap = max_tokens ?? max_completion_tokens ?? max_output_tokens;
      expect(cap).toBeGreaterThanOrEqual(1);
      expect(cap).toBeLessThanOrEqual(100);
    }
  });

  it('Every hold is a positive whole number, whatever is sent', async () => {
    const ledger = spiedLedger();
    const bounds = { invalidPerMinute: 1_000 };
    await using fixture = await startFixture({ plans, ledger, bounds });
    const token = await tokenOf(fixture.guard);
    const any = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, '1', [], {}, 'x', false));
    const body = fc.record(
      { max_tokens: any, max_completion_tokens: any, n: any, top_logprobs: any, seed: any },
      { requiredKeys: [] },
    );
    const property = fc.asyncProperty(body, async (more) => {
      const answer = await post(fixture.guard, token, chat(more));
      await answer.text();
      expect([200, 400]).toContain(answer.status);
      const ofUser = ledger.reserved.findLast(({ claims }) => claims[0]?.scope === 'own');
      if (ofUser === undefined) return;
      const { upstreamTokens, images, seconds, ...held } = ofUser.held;
      expect(Number.isSafeInteger(upstreamTokens)).toBe(true);
      expect([images, seconds]).toEqual([0, 0]);
      for (const amount of Object.values(held)) {
        expect(Number.isSafeInteger(amount)).toBe(true);
        expect(amount).toBeGreaterThan(0);
      }
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('The media type', () => {
  const accepted = [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json ',
  ];
  const refused = [
    'application/json\ta',
    'application/json;charset=utf-16',
    'application/json; charset=utf-8; x=y',
    'application/jsonp',
    'application/json, text/plain',
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'application/vnd.api+json',
    'x application/json',
    '',
  ];
  const send = async (line: string) => {
    await using served = await serveFixture();
    const token = await tokenOf(served.guard);
    const bytes = rawPost('/v1/chat/completions', token, JSON.stringify(chat()));
    return statusOf(
      await rawExchange(served.port, bytes.replace('content-type: application/json\r\n', line)),
    );
  };
  it.each(accepted)('The media type is accepted as JSON: %j', async (type) => {
    expect(await send(`content-type: ${type}\r\n`)).toBe(200);
  });
  it.each(refused)('The media type is rejected with 415: %j', async (type) => {
    expect(await send(`content-type: ${type}\r\n`)).toBe(415);
  });
  it('A missing media type is rejected with 415', async () => {
    expect(await send('')).toBe(415);
  });
});

describe('A body that is not an object', () => {
  const whole = JSON.stringify(chat());
  it.each([
    '',
    ' ',
    'null',
    'true',
    '1',
    '"x"',
    '[]',
    `[${whole}]`,
    `${whole}x`,
    `${whole}${whole}`,
    `${whole},`,
    '{',
    '{"model":',
    "{'model':'x'}",
    '{model:1}',
    '// x\n{}',
    '{}',
    '{"model":"gpt-5-mini",}',
  ])('The body is rejected with 400 in OpenAI’s shape: %j', async (body) => {
    await using fixture = await startFixture();
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: {
        type: 'invalid_request_error',
        code: 'invalid_request',
        message: expect.any(String),
      },
    });
    expect(fixture.fake.requests).toEqual([]);
  });
});

describe('Another method', () => {
  it.each([
    ['HEAD', 405],
    ['OPTIONS', 405],
    ['TRACE', 405],
    ['PUT', 405],
    ['PATCH', 405],
    ['DELETE', 405],
    ['GET', 405],
    ['QUERY', 405],
    ['BREW', 400],
    ['post', 400],
    ['CONNECT', 0],
  ])('The method %s returns %i', async (method, status) => {
    await using served = await serveFixture();
    const token = await tokenOf(served.guard);
    const bytes = rawPost('/v1/chat/completions', token, '{}').replace(/^POST/, method);
    expect(statusOf(await rawExchange(served.port, bytes))).toBe(status);
    expect(served.fake.requests).toEqual([]);
  });

  it('A method override in a header is ignored', async () => {
    await using fixture = await startFixture();
    const token = await tokenOf(fixture.guard);
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-http-method-override': 'POST',
      'x-method-override': 'POST',
    };
    const url = 'http://app.test/v1/chat/completions';
    const answer = await fixture.guard.handler(new Request(url, { method: 'GET', headers }));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    const models = await post(fixture.guard, token, {}, '/v1/models');
    expect([models.status, models.headers.get('allow')]).toEqual([405, 'GET']);
    expect(await codeOf(models)).toBe('method_not_allowed');
    expect(fixture.fake.requests).toEqual([]);
  });
});
