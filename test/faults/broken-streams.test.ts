import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { limitCounts, nextSettled } from '../attacks/served.ts';
import { chat, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { incoming } from './incoming.ts';
import { MINUTE_MS, ownTime } from './own-time.ts';
import { plans, startFaulty } from './proxied.ts';
import { appClient, drain } from './sdk.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

const WORDS = ['one ', 'two ', 'three ', 'four ', 'five'];
const TEXT = WORDS.join('');
const DONE = 'data: [DONE]';

/** Every way in which an SDK can request a stream. */
const apis = [
  {
    name: 'chat',
    open: (client: OpenAI) => client.chat.completions.create({ ...QUESTION, stream: true }),
  },
  {
    name: 'chat with usage',
    open: (client: OpenAI) =>
      client.chat.completions.create({
        ...QUESTION,
        stream: true,
        stream_options: { include_usage: true },
      }),
  },
  {
    name: 'responses',
    open: (client: OpenAI) =>
      client.responses.create({ model: MODEL, input: 'Say hello.', stream: true }),
  },
];
const QUESTION = { model: MODEL, messages: [{ role: 'user' as const, content: 'Say hello.' }] };

/** The number of chunks of a whole answer. */
async function chunkCount({ fake, guard }: Fixture, api: (typeof apis)[number]): Promise<number> {
  fake.scriptNext({ text: TEXT });
  const { items } = await drain<unknown>(await api.open(await appClient(guard)));
  return items.length;
}

describe.each(apis)('A "$name" stream without its last event', (api) => {
  it('A stream that is cut after any chunk raises in the official SDK, is never completed by the guard and is charged its hold', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { fake, guard } = fixture;
    const whole = await chunkCount(fixture, api);
    const client = await appClient(guard);
    for (let afterChunks = 0; afterChunks < whole; afterChunks += 1) {
      fake.scriptNext({ text: TEXT, break: { with: 'eof', afterChunks } });
      const settled = nextSettled(guard, 'ada');
      const { items, error } = await drain<unknown>(await api.open(client));
      expect([afterChunks, error]).toEqual([afterChunks, expect.any(OpenAI.APIError)]);
      expect(items.length).toBeLessThanOrEqual(afterChunks);
      const charge = await settled;
      const line = fake.invoice.at(-1);
      expect(charge.inputTokens).toBeGreaterThanOrEqual(line?.inputTokens ?? Infinity);
      expect(charge.outputTokens).toBeGreaterThanOrEqual(line?.outputTokens ?? Infinity);
    }
    expect(allEndings(ledger)).toEqual(Array(whole + 1).fill(['settle']));
    expect(await limitCounts(guard, 'ada')).toEqual({ used: whole + 1, held: 0 });
  });
});

const cuts = [
  ['a reset', { kind: 'reset', afterBytes: 2_000 }],
  ['a half-close', { kind: 'halfClose', afterBytes: 2_000 }],
] as const;

describe('A stream on a faulty connection', () => {
  it.each(cuts)('A stream cut by %s gets one error event and is charged once', async (_, fault) => {
    await using faulty = await startFaulty();
    const { guard, proxy, fake, ledger } = faulty;
    proxy.fault = fault;
    fake.scriptNext({ text: TEXT });
    const settled = nextSettled(guard, 'ada');
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    const text = await answer.text();
    expect(errorsIn(text)).toEqual(['upstream_failed']);
    expect(text).not.toContain(DONE);
    const charge = await settled;
    expect(charge.estimated).toBe(true);
    expect(charge.inputTokens).toBeGreaterThanOrEqual(fake.invoice[0]?.inputTokens ?? Infinity);
    expect(allEndings(ledger)).toEqual([['settle']]);
  });

  it.each([
    ['slices of 1 byte', { kind: 'slice', bytes: 1 }],
    ['slices of 7 bytes', { kind: 'slice', bytes: 7 }],
    ['a slow connection', { kind: 'latency', ms: 1 }],
  ] as const)('A stream through %s arrives unchanged and has the same charge', async (_, fault) => {
    await using faulty = await startFaulty();
    const { guard, proxy, fake } = faulty;
    fake.scriptNext({ text: TEXT });
    const token = await tokenOf(guard);
    const plain = await (await post(guard, token, chat({ stream: true }))).text();
    const gate = fake.gate();
    fake.scriptNext({ text: TEXT, beforeHeaders: gate });
    const settled = nextSettled(guard, 'ada');
    const answer = post(guard, token, chat({ stream: true }));
    await gate.arrived();
    proxy.fault = fault;
    gate.open();
    const faultyText = await (await answer).text();
    expect(wordsIn(faultyText)).toEqual(wordsIn(plain));
    expect(faultyText.endsWith(`${DONE}\n\n`)).toBe(true);
    const { inputTokens, outputTokens } = fake.invoice[1] ?? {};
    expect(await settled).toMatchObject({ inputTokens, outputTokens, estimated: false });
  });

  it('A stream that OpenAI leaves silent is cut with one error event and charged its hold', async () => {
    using time = ownTime();
    await using fixture = await startFixture({ plans, clock: time.clock });
    const { guard, fake } = fixture;
    fake.scriptNext({ text: TEXT, break: { with: 'hang', afterChunks: 3 } });
    const settled = nextSettled(guard, 'ada');
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    const stream = incoming(answer);
    await stream.until('two');
    const text = stream.whole();
    time.pass(1_000);
    time.pass(9 * MINUTE_MS);
    expect(fixture.settled).toEqual([]);
    time.pass(MINUTE_MS);
    expect(errorsIn(await text)).toEqual(['upstream_timeout']);
    expect(await settled).toMatchObject({ estimated: true });
    await fake.idle();
    expect(fake.requests[0]?.socketClosedAtMs).toBeDefined();
  });
});

describe('An error event inside a stream', () => {
  it.each(apis)(
    'An error event in a "$name" stream passes unchanged, raises in the SDK and is charged the hold',
    async (api) => {
      await using fixture = await startFixture({ plans });
      const { fake, guard } = fixture;
      fake.scriptNext({ text: TEXT, break: { with: 'error-event', afterChunks: 4 } });
      const settled = nextSettled(guard, 'ada');
      const { error } = await drain<unknown>(await api.open(await appClient(guard)));
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(String(error)).toContain('The server had an error');
      const charge = await settled;
      expect(charge.estimated).toBe(true);
      expect(charge.outputTokens).toBeGreaterThanOrEqual(fake.invoice[0]?.outputTokens ?? Infinity);
      expect(charge.outputTokens).toBe(100);
    },
  );

  it('An error event from OpenAI is the only error event that the client receives', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    fake.scriptNext({ text: TEXT, break: { with: 'error-event', afterChunks: 4 } });
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    expect(errorsIn(await answer.text())).toEqual(['server_error']);
  });
});

describe('A stream that the guard cuts', () => {
  it('A stream that the guard cuts ends with exactly one error event, which names the reason', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: TEXT, betweenChunks: gate });
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    const text = answer.text();
    await gate.arrived();
    await guard.users.block('ada', { reason: 'abuse' });
    expect(errorsIn(await text)).toEqual(['user_blocked']);
  });
});

function framesIn(text: string): Record<string, unknown>[] {
  const data = text.split('\n').filter((line) => line.startsWith('data: {'));
  return data.map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);
}

function errorsIn(text: string): unknown[] {
  return framesIn(text).flatMap(({ error }) => (error ? [(error as { code: string }).code] : []));
}

function wordsIn(text: string): unknown[] {
  return framesIn(text).map(({ choices }) => choices);
}
