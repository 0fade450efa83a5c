import { describe, expect, it } from 'vitest';
import { nextSettled } from '../attacks/served.ts';
import { spiedLedger } from '../attacks/spied-ledger.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = {
  free: { models: [MODEL], maxOutputTokens: 100, limits: [{ usd: 10, per: 'day' as const }] },
};

describe('A compressed response', () => {
  it('A compressed response is not requested', async () => {
    await using fixture = await startFixture({ plans });
    await post(fixture.guard, await tokenOf(fixture.guard), chat());
    const sent = fixture.fake.requests[0]?.headers.find(([name]) => name === 'accept-encoding');
    expect(sent?.[1]).toBe('identity');
  });
});

const usages = [
  { prompt_tokens: -1 },
  { completion_tokens: -1_000_000 },
  { prompt_tokens: -5, completion_tokens: 10 },
  { prompt_tokens: 1.5 },
  { prompt_tokens: '12' },
  { completion_tokens: null },
  { completion_tokens: true },
  { completion_tokens: [1] },
  { prompt_tokens: 1e300 },
  { prompt_tokens_details: { cached_tokens: 1e9 } },
  { prompt_tokens_details: { cached_tokens: -7 } },
  { completion_tokens_details: { reasoning_tokens: -7 } },
] as const;

const absent = [null, 'missing'] as const;

describe.each([false, true])('Usage counts, with "stream": %s', (stream) => {
  async function chargeFor(usage: (typeof usages | typeof absent)[number]) {
    const ledger = spiedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { guard, fake } = fixture;
    fake.scriptNext({ usage });
    const settled = nextSettled(guard, 'ada');
    const answer = await post(guard, await tokenOf(guard), chat({ stream }));
    expect(answer.status).toBe(200);
    await answer.text();
    const [line] = fake.invoice;
    if (line === undefined) throw new Error('OpenAI has billed nothing.');
    return { charge: await settled, line, held: ledger.reserved[0]?.held };
  }

  it.each(usages)(
    'A usage with a count that makes no sense is charged by its other counts: %o',
    async (usage) => {
      const { charge, line, held } = await chargeFor(usage);
      expect(charge.doubts).not.toEqual([]);
      expect(charge.inputTokens + charge.outputTokens).toBeGreaterThanOrEqual(
        line.inputTokens + line.outputTokens,
      );
      expect(charge.costNanoUsd).toBeGreaterThan(0);
      expect(charge.costNanoUsd).toBeLessThanOrEqual(held?.nanoUsd ?? 0);
    },
  );

  it.each(absent)(
    'A missing usage is charged as held, and marked as estimated: %o',
    async (usage) => {
      const { charge, line, held } = await chargeFor(usage);
      expect(charge).toMatchObject({ estimated: true, usage: undefined });
      expect(charge.inputTokens).toBeGreaterThanOrEqual(line.inputTokens);
      expect(charge.outputTokens).toBeGreaterThanOrEqual(line.outputTokens);
      expect(charge.costNanoUsd).toBeGreaterThan(0);
      expect(charge.costNanoUsd).toBeLessThanOrEqual(held?.nanoUsd ?? 0);
    },
  );

  it('A usage larger than the hold is charged in full, and reported as an overrun with both figures', async () => {
    await using fixture = await startFixture({ plans });
    const { guard, fake } = fixture;
    fake.scriptNext({ usage: { prompt_tokens: 900_000, completion_tokens: 50_000 } });
    const settled = nextSettled(guard, 'ada');
    await (await post(guard, await tokenOf(guard), chat({ stream }))).text();
    expect(await settled).toMatchObject({
      inputTokens: 900_000,
      outputTokens: 50_000,
      estimated: false,
    });
    const [overrun] = fixture.failed;
    expect(overrun?.source).toBe('overrun');
    expect(String(overrun?.error)).toMatch(
      /used 900000 input tokens, 50000 output tokens .* 0\.325 USD/,
    );
    expect(String(overrun?.error)).toMatch(/Held for it were \d+ input tokens, 100 output tokens/);
    const [limit] = (await guard.users.usage('ada')).limits;
    expect(limit?.used).toBeCloseTo(900_000 * 0.25e-6 + 50_000 * 2e-6, 9);
  });
});

describe('Unknown additions of OpenAI', () => {
  it('Unknown fields of a buffered response pass unchanged to the byte', async () => {
    const body =
      '{"new_field": {"deep":[1, 2.0]},\n "choices":[], "usage":{"prompt_tokens":3,"completion_tokens":4,"x":1}}';
    await using fixture = await startFixture({ plans });
    fixture.fake.scriptNext({ reply: { body, billed: true } });
    const settled = nextSettled(fixture.guard, 'ada');
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(await answer.text()).toBe(body);
    expect(await settled).toMatchObject({ inputTokens: 3, outputTokens: 4, estimated: false });
  });

  const done =
    '{"type":"response.completed","response":{"id":"r","usage":{"input_tokens":3,"output_tokens":4}}}';
  it.each([
    ['an unknown event', `event: response.dreaming\ndata: {"type":"response.dreaming","x":1}\n\n`],
    ['an unknown field', 'mood: good\ndata: {"type":"response.in_progress"}\n\n'],
    ['a comment', ': hello\n\n'],
    ['an id and a retry', 'id: 7\nretry: 100\n\n'],
    ['data over two lines', 'data: {"type":\ndata: "response.in_progress"}\n\n'],
    ['data that is not JSON', 'data: not json\n\n'],
    ['an event with CRLF', 'event: a\r\ndata: {"type":"a"}\r\n\r\n'],
    ['an empty event', 'event: a\n\n\n\n'],
  ])('Unknown parts of a stream pass unchanged to the byte: %s', async (_, extra) => {
    const body = `${extra}event: response.completed\ndata: ${done}\n\n`;
    await using fixture = await startFixture({ plans });
    fixture.fake.scriptNext({
      reply: { body, headers: { 'content-type': 'text/event-stream' }, billed: true },
    });
    const settled = nextSettled(fixture.guard, 'ada');
    const request = { model: MODEL, input: 'hi', stream: true };
    const answer = await post(
      fixture.guard,
      await tokenOf(fixture.guard),
      request,
      '/v1/responses',
    );
    expect(await answer.text()).toBe(body);
    expect(await settled).toMatchObject({ inputTokens: 3, outputTokens: 4, estimated: false });
  });
});

describe('The type of a response', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4 };
  const end = [{ index: 0, delta: {}, finish_reason: 'stop' }];
  const body = `data: ${JSON.stringify({ id: 'c', choices: end, usage })}\n\ndata: [DONE]\n\n`;
  const asked = chat({ stream: true, stream_options: { include_usage: true } });

  it.each([
    'text/event-stream',
    'Text/Event-Stream',
    'TEXT/EVENT-STREAM;CHARSET=UTF-8',
    'text/event-stream ;x=1',
    'text/plain',
    'application/octet-stream',
    '',
  ])('A requested stream with the content-type "%s" passes as a stream', async (type) => {
    await using fixture = await startFixture({ plans });
    const headers = { 'content-type': type };
    fixture.fake.scriptNext({ reply: { body, headers, billed: true } });
    const settled = nextSettled(fixture.guard, 'ada');
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), asked);
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await answer.text()).toBe(body);
    expect(await settled).toMatchObject({ inputTokens: 3, outputTokens: 4, estimated: false });
  });

  it('A requested stream without a content-type passes as a stream', async () => {
    const fetch = async () => new Response(new Blob([body]).stream());
    await using fixture = await startFixture({ plans, fetch });
    const settled = nextSettled(fixture.guard, 'ada');
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), asked);
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await answer.text()).toBe(body);
    expect(await settled).toMatchObject({ outputTokens: 4, estimated: false });
  });

  it.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/problem+json',
    'text/json',
  ])('A requested stream that is answered as "%s" passes whole', async (type) => {
    await using fixture = await startFixture({ plans });
    const whole = JSON.stringify({ id: 'c', choices: [], usage });
    const reply = { body: whole, headers: { 'content-type': type }, billed: true };
    fixture.fake.scriptNext({ reply });
    const settled = nextSettled(fixture.guard, 'ada');
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), asked);
    expect(await answer.text()).toBe(whole);
    expect(await settled).toMatchObject({ outputTokens: 4, estimated: false });
  });

  it('A whole response without a content-type passes as JSON', async () => {
    const whole = JSON.stringify({ id: 'c', choices: [], usage });
    const fetch = async () => new Response(new Blob([whole]).stream());
    await using fixture = await startFixture({ plans, fetch });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.text()).toBe(whole);
  });
});
