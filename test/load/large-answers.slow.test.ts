import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createGuardedCompletion, type Guard, type SettledEvent } from '../../src/index.ts';
import { nextSettled } from '../attacks/served.ts';
import { untilStill } from '../faults/until-still.ts';
import { canaries, post, tokenOf } from '../fixture.ts';
import { type Replay, type Replayed, replayUpstream } from '../recordings/replay.ts';

const MODEL = 'gpt-5-mini';
const PIECE_BYTES = 64 * 1024;
const MEGABYTE = 1024 * 1024;
const usage = { prompt_tokens: 900, completion_tokens: 40, total_tokens: 940 };
const responseUsage = { input_tokens: 900, output_tokens: 40, total_tokens: 940 };
const search = { usdPerCall: 0.01, maxCalls: 3, inputTokensPerCall: 100 };

/** Sums in nano-USD: the model that was asked costs ten times the one that answers. */
const prices = {
  [MODEL]: { tokens: { input: 10, output: 20 }, tiers: { priority: 2 } },
  answers: { tokens: { input: 1, output: 2 }, tiers: { priority: 2, flex: 0.5 } },
};
const TOKENS_NANO_USD = 900 * 1_000 + 40 * 2_000;
const SEARCH_NANO_USD = 10_000_000;

interface Running extends AsyncDisposable {
  readonly guard: Guard;
  readonly upstream: Replay;
  readonly settled: SettledEvent[];
}

async function start(answer: Replayed, options: object = {}): Promise<Running> {
  const upstream = await replayUpstream(answer);
  const guard = createGuardedCompletion({
    apiKey: canaries.apiKey,
    secret: canaries.secret,
    baseURL: upstream.baseURL,
    prices,
    plans: {
      free: {
        models: ['*'],
        maxOutputTokens: 100,
        limits: [{ usd: 100, per: 'day' }],
        allow: {
          hostedTools: { web_search: search },
          serviceTiers: ['default', 'priority', 'flex'],
        },
      },
    },
    ...options,
  });
  const settled: SettledEvent[] = [];
  guard.on('settled', (event) => void settled.push(event));
  return {
    guard,
    upstream,
    settled,
    async [Symbol.asyncDispose]() {
      await guard.close({ graceMs: 0 });
      await upstream[Symbol.asyncDispose]();
    },
  };
}

function* piecesOf(text: string): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
const json = (value: object): Replayed => ({
  contentType: 'application/json',
  pieces: [...piecesOf(JSON.stringify(value))],
});
const events = (...frames: string[]): Replayed => ({
  contentType: 'text/event-stream',
  pieces: [...piecesOf(frames.join(''))],
});

const responseOf = (padding: string) => ({
  id: 'resp_1',
  object: 'response',
  model: 'answers',
  output: [
    { type: 'web_search_call', id: 'ws_1', action: { type: 'search', query: 'x', padding } },
    { type: 'image_note', result: padding },
    { type: 'web_search_call', id: 'ws_2', action: { type: 'search', query: 'y' } },
    { type: 'message', content: [{ type: 'output_text', text: '"usage":{"input_tokens":1}' }] },
  ],
  usage: responseUsage,
  padding,
  service_tier: 'flex',
});
const chatOf = (padding: string) => ({
  id: 'chatcmpl-1',
  choices: [{ index: 0, message: { content: padding }, finish_reason: 'stop' }],
  usage,
  service_tier: 'flex',
  more: { usage: { prompt_tokens: 1 }, padding },
  model: 'answers',
});
const chunkOf = (padding: string) =>
  [
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: padding }, finish_reason: null }] })}\n\n`,
    `data: ${JSON.stringify({ ...chatOf(''), choices: [], padding })}\n\n`,
    'data: [DONE]\n\n',
  ] as const;
const eventsOf = (padding: string) => {
  const event = (type: string, more: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 1, ...more })}\n\n`;
  return [
    event('response.output_item.done', { item: { type: 'image_note', result: padding } }),
    event('response.completed', { response: responseOf(padding) }),
  ] as const;
};

const ask = { model: MODEL, service_tier: 'priority' };
const messages = [{ role: 'user', content: 'Hi.' }];
const tools = [{ type: 'web_search' }];
const halfTokens = TOKENS_NANO_USD / 2;
const shapes = [
  [
    'a chat completion',
    '/chat/completions',
    { ...ask, messages },
    (text: string) => json(chatOf(text)),
    halfTokens,
  ],
  [
    'a chat stream',
    '/chat/completions',
    { ...ask, messages, stream: true },
    (text: string) => events(...chunkOf(text)),
    halfTokens,
  ],
  [
    'a response',
    '/responses',
    { ...ask, input: 'Hi.', tools },
    (text: string) => json(responseOf(text)),
    halfTokens + 2 * SEARCH_NANO_USD,
  ],
  [
    'a stream of response events',
    '/responses',
    { ...ask, input: 'Hi.', tools, stream: true },
    (text: string) => events(...eventsOf(text)),
    halfTokens + 2 * SEARCH_NANO_USD,
  ],
  [
    'a completion',
    '/completions',
    { model: MODEL, prompt: 'Hi.' },
    (text: string) => json({ choices: [{ text }], usage, model: 'answers' }),
    TOKENS_NANO_USD,
  ],
  [
    'embeddings',
    '/embeddings',
    { model: MODEL, input: 'Hi.' },
    (text: string) =>
      json({ data: [{ embedding: text }], model: 'answers', usage: { total_tokens: 900 } }),
    900 * 1_000,
  ],
] as const;

describe.each(shapes)('The charge of %s', (_, path, body, answerOf, nanoUsd) => {
  it.each([
    ['262,143 letters', 262_143],
    ['262,144 letters', 262_144],
    ['300 kB', 300_000],
    ['1 MiB', MEGABYTE],
    ['1.5 MB', 1_500_000],
    ['3 MB', 3_000_000],
  ])(
    'The model, the tier, the tool calls and the usage are read at any size: %s',
    async (_size, length) => {
      const answer = answerOf('\\"}]🌍'.repeat(length / 6).padEnd(length, 'x'));
      await using running = await start(answer);
      const { guard } = running;
      const settled = nextSettled(guard, 'ada');
      const response = await post(guard, await tokenOf(guard), body, `/v1${path}`);
      const received = Buffer.from(await response.arrayBuffer());
      expect([response.status, received.toString().slice(0, 300)]).toEqual([
        200,
        expect.anything(),
      ]);
      const isStream = 'stream' in body;
      if (!isStream) expect(received.equals(Buffer.concat([...answer.pieces]))).toBe(true);
      expect(await settled).toMatchObject({
        model: 'answers',
        inputTokens: 900,
        costNanoUsd: nanoUsd,
        estimated: false,
      });
    },
  );
});

/** A whole answer of many megabytes, made while it is sent. */
function* longAnswer(megabytes: number): Generator<Uint8Array> {
  yield Buffer.from('{"object":"list","data":[{"index":0,"embedding":[0.5');
  const floats = Buffer.from(',-0.0123456789'.repeat(4_096));
  for (let sent = 0; sent < megabytes * MEGABYTE; sent += floats.length) yield floats;
  yield Buffer.from(']}],"model":"answers","usage":{"prompt_tokens":9000,"total_tokens":9000}}');
}
const long = (megabytes: number, more: Partial<Replayed> = {}): Replayed => ({
  contentType: 'application/json',
  pieces: { [Symbol.iterator]: () => longAnswer(megabytes) },
  ...more,
});
const embed = { model: MODEL, input: 'Hi.' };
const wires = [
  ['over HTTP', async (guard: Guard) => post(guard, await tokenOf(guard), embed, '/v1/embeddings')],
  [
    'from code',
    async (guard: Guard) =>
      guard.fetchAs('ada')('https://app.test/v1/embeddings', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(embed),
      }),
  ],
] as const;

describe.each(wires)('A whole answer above 1 MiB, %s', (_, send) => {
  it('It passes as it comes, in bounded memory, and is charged what it says', {
    timeout: 60_000,
  }, async () => {
    await using running = await start(long(79));
    const settled = nextSettled(running.guard, 'ada');
    const response = await send(running.guard);
    expect(response.status).toBe(200);
    const before = memoryBytes();
    let bytes = 0;
    let most = 0;
    for await (const piece of response.body ?? []) {
      const megabytes = Math.floor(bytes / (8 * MEGABYTE));
      bytes += piece.byteLength;
      if (Math.floor(bytes / (8 * MEGABYTE)) > megabytes) most = Math.max(most, memoryBytes());
    }
    expect(bytes).toBeGreaterThan(79 * MEGABYTE);
    // Sockets on both sides keep up to 45 MB on their way, whatever the length (measured: 79 and 300 MB).
    expect(most - before).toBeLessThan(65 * MEGABYTE);
    expect(await settled).toMatchObject({
      inputTokens: 9_000,
      outputTokens: 0,
      costNanoUsd: 9_000_000,
      estimated: false,
    });
  });

  it('Its client sets the pace', async () => {
    await using running = await start(long(32));
    const { guard, upstream } = running;
    let sent = 0;
    const counted = function* () {
      for (const piece of longAnswer(32)) {
        sent += piece.byteLength;
        yield piece;
      }
    };
    upstream.answer = long(32, { pieces: { [Symbol.iterator]: counted } });
    const response = await send(guard);
    const reader = response.body?.getReader();
    await reader?.read();
    await untilStill(() => sent);
    expect(sent).toBeLessThan(16 * MEGABYTE);
    while (!(await reader?.read())?.done);
    await expect.poll(() => running.settled[0]?.inputTokens).toBe(9_000);
  });

  it('When it breaks off, its connection breaks and the hold is charged', async () => {
    const whole = [...longAnswer(3)];
    // A reset that comes at once would discard what is on its way.
    const begun = Promise.withResolvers<void>();
    const broken = { pieces: whole.slice(0, -1), breaks: true, pause: begun.promise };
    await using running = await start(long(3, broken));
    const settled = nextSettled(running.guard, 'ada');
    const response = await send(running.guard);
    begun.resolve();
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(await settled).toMatchObject({ estimated: true, usage: undefined });
  });

  it('When it ends early, its connection breaks and the hold is charged', async () => {
    const whole = [...longAnswer(3)];
    await using running = await start(long(3, { pieces: whole.slice(0, -1) }));
    const settled = nextSettled(running.guard, 'ada');
    const response = await send(running.guard);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(await settled).toMatchObject({ estimated: true, usage: undefined });
  });

  it('When its client leaves, it is read to its end', async () => {
    await using running = await start(long(8));
    const settled = nextSettled(running.guard, 'ada');
    const response = await send(running.guard);
    await response.body?.cancel();
    expect(await settled).toMatchObject({ inputTokens: 9_000, estimated: false });
    expect(running.upstream.cut).toBe(0);
  });

  it('When its client leaves and it cannot be drained, it is cut and the hold is charged', async () => {
    await using running = await start(long(64), { onDisconnect: 'abort' });
    const settled = nextSettled(running.guard, 'ada');
    const response = await send(running.guard);
    await response.body?.cancel();
    expect(await settled).toMatchObject({ estimated: true, usage: undefined });
    await expect.poll(() => running.upstream.cut).toBe(1);
  });

  it('A block cuts it, and the hold is charged', async () => {
    await using running = await start(long(64));
    const settled = nextSettled(running.guard, 'ada');
    const response = await send(running.guard);
    await running.guard.users.block('ada', { reason: 'abuse' });
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(await settled).toMatchObject({ estimated: true, usage: undefined });
    await expect.poll(() => running.upstream.cut).toBe(1);
  });
});

// Only what is kept counts, so every sample follows a collection.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function memoryBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
