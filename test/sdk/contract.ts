import type OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { canaries, type Fixture, startFixture } from '../fixture.ts';
import { bodies } from './contract-bodies.ts';
import type { SdkUnderTest } from './sdk-list.ts';

const search = { maxCalls: 2, usdPerCall: 0.01, inputTokensPerCall: 100 };

/** A plan that allows all that the calls ask for. */
const plans = {
  open: {
    models: ['*'],
    maxOutputTokens: 100,
    maxChoices: 4,
    allow: {
      images: {},
      audioOutput: true,
      realtime: { session: bodies.secret.session, reserve: { usd: 0.1 } },
      hostedTools: { web_search: search },
      serviceTiers: ['flex'],
      prompts: { pmpt_1: {} },
      stateful: {},
    },
  },
};

const TEXT = 'It is deep, and dark.';
const thing = JSON.stringify({ name: 'sea', size: 11 });

interface Call {
  readonly title: string;
  /** What the model writes, in turn. */
  readonly scripts?: readonly Parameters<FakeOpenAI['scriptNext']>[0][];
  run(client: OpenAI, sdk: SdkUnderTest): Promise<unknown>;
}

async function collected(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const piece of stream) all.push(piece);
  return all;
}

const short = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'A thing?' }] };
const tool = {
  type: 'function' as const,
  function: {
    name: 'depth',
    description: 'How deep something is.',
    parameters: { type: 'object', properties: {} },
    parse: JSON.parse,
    function: () => '11 km',
  },
};
const asks = { toolCalls: [{ name: 'depth', arguments: {} }] };

const calls: readonly Call[] = [
  { title: 'chat.completions.create', run: (c) => c.chat.completions.create(bodies.chat) },
  {
    title: 'chat.completions.create with older fields',
    run: (c) => c.chat.completions.create(bodies.olderChat),
  },
  {
    title: 'chat.completions.create as a stream',
    run: async (c) => collected(await c.chat.completions.create({ ...bodies.chat, stream: true })),
  },
  {
    title: 'chat.completions.create as a stream with usage',
    run: async (c) => {
      const stream_options = { include_usage: true, include_obfuscation: false };
      const body = { ...bodies.chat, stream: true as const, stream_options };
      return collected(await c.chat.completions.create(body));
    },
  },
  {
    title: 'chat.completions.stream',
    run: (c) => c.chat.completions.stream({ ...short, seed: 1 }).finalChatCompletion(),
  },
  {
    title: 'chat.completions.parse',
    scripts: [{ text: thing }],
    run: (c, { responseFormat: response_format }) =>
      c.chat.completions.parse({ ...short, response_format }),
  },
  {
    title: 'chat.completions.runTools',
    scripts: [asks, { text: TEXT }],
    run: async (c) => {
      const runner = c.chat.completions.runTools({ ...short, tools: [tool] } as never);
      await runner.done();
      return [runner.messages, await runner.finalContent(), await runner.totalUsage()];
    },
  },
  { title: 'responses.create', run: (c) => c.responses.create(bodies.response) },
  {
    title: 'responses.create with a stored prompt',
    run: (c) => c.responses.create(bodies.promptResponse),
  },
  {
    title: 'responses.create as a stream',
    run: async (c) => collected(await c.responses.create({ ...bodies.response, stream: true })),
  },
  {
    title: 'responses.stream',
    run: (c) => c.responses.stream({ model: 'gpt-5-mini', input: 'hi' }).finalResponse(),
  },
  {
    title: 'responses.parse',
    scripts: [{ text: thing }],
    run: (c, { textFormat: format }) =>
      c.responses.parse({ model: 'gpt-5-mini', input: 'A thing?', text: { format } }),
  },
  { title: 'completions.create', run: (c) => c.completions.create(bodies.completion) },
  {
    title: 'completions.create as a stream',
    run: async (c) => collected(await c.completions.create({ ...bodies.completion, stream: true })),
  },
  { title: 'embeddings.create', run: (c) => c.embeddings.create(bodies.embedding) },
  { title: 'embeddings.create as floats', run: (c) => c.embeddings.create(bodies.floats) },
  { title: 'embeddings.create as base64', run: (c) => c.embeddings.create(bodies.base64) },
  { title: 'moderations.create', run: (c) => c.moderations.create(bodies.moderation) },
  {
    title: 'models.list',
    run: async (c) => {
      const page = await c.models.list();
      return [page.constructor.name, page.hasNextPage(), page.object, page.getPaginatedItems()];
    },
  },
  { title: 'models.retrieve', run: (c) => c.models.retrieve('gpt-5-mini') },
  {
    title: 'realtime.clientSecrets.create',
    run: (c) => c.realtime.clientSecrets.create(bodies.secret),
  },
  {
    title: 'an error of OpenAI',
    scripts: [
      {
        reply: {
          status: 400,
          body: { error: { message: 'No.', type: 'invalid_request_error', param: 'x', code: 'y' } },
        },
      },
    ],
    run: async (c) => {
      const error = await c.chat.completions.create(short).catch((thrown: unknown) => thrown);
      const { status, code, param, type, message } = error as Record<string, unknown>;
      return [Object(error).constructor.name, status, code, param, type, message];
    },
  },
];

/** Only newer majors have it. */
const betaCalls: readonly Call[] = [
  { title: 'beta.responses.create', run: (c) => c.beta.responses.create(bodies.response as never) },
  {
    title: 'beta.responses.create as a stream',
    run: async (c) => {
      const body = { ...bodies.response, stream: true } as never;
      return collected((await c.beta.responses.create(body)) as unknown as AsyncIterable<unknown>);
    },
  },
];

/** Times, and the parameters that the guard sets itself: OpenAI repeats these in the object of a response. */
const OWN =
  /^(?:created|created_at|completed_at|expires_at|max_output_tokens|max_tool_calls|safety_identifier|user|prompt_cache_key|metadata|store|owned_by|obfuscation)$/;

/** An answer as JSON, without what the guard is known to change. */
const comparable = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer, (key, value) => (OWN.test(key) ? undefined : value)));

/** What else the guard sets in a request: the cap in one field, the tier, and usage in a stream. */
const SET = new Set(['max_tokens', 'max_completion_tokens', 'service_tier', 'stream_options']);

/** What a fake was sent, without what the guard is known to change. */
function sentTo({ requests }: FakeOpenAI): unknown[] {
  const posts = requests.filter(({ method }) => method === 'POST');
  return posts.map(({ url, body }) => {
    const fields = Object.entries(Object(body)).filter(([field]) => !SET.has(field));
    return [url.replace(/\?.*/, ''), comparable(Object.fromEntries(fields))];
  });
}

/** The typed methods of the SDK for every endpoint that is served: through the guard as direct. */
export function describeContract(name: string, sdk: SdkUnderTest): void {
  let fixture: Fixture;
  let direct: FakeOpenAI;
  beforeEach(async () => {
    fixture = await startFixture({ plans });
    direct = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  });
  afterEach(async () => {
    await fixture[Symbol.asyncDispose]();
    await direct.close();
  });
  const hasBeta = 'responses' in new sdk.OpenAI({ apiKey: 'x' }).beta;

  describe(`${name}: the same requests and answers`, () => {
    it.each([...calls, ...(hasBeta ? betaCalls : [])])(
      'The client calls $title through the guard as it does directly',
      async ({ scripts, run }) => {
        for (const script of scripts ?? [{ text: TEXT }]) {
          direct.scriptNext(script);
          fixture.fake.scriptNext(script);
        }
        const client = new sdk.OpenAI({ apiKey: canaries.apiKey, baseURL: direct.baseURL });
        const expected = await run(client, sdk);
        const answer = await run(sdk.connect(fixture, 'ada'), sdk);
        expect(comparable(answer)).toEqual(comparable(expected));
        expect(sentTo(fixture.fake)).toEqual(sentTo(direct));
      },
    );
  });
}
