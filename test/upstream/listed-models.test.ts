import { afterEach, describe, expect, it, vi } from 'vitest';
import { createGuardedCompletion, type Guard, type GuardOptions } from '../../src/index.ts';
import { PriceTable } from '../../src/openai/prices/prices.ts';
import { openAI, openAICompatible } from '../../src/upstream/index.ts';
import { canaries, type Fixture, startFixture, tokenOf } from '../fixture.ts';

type Model = { id: string; created: number; owned_by: string };

async function get(guard: Guard, path: string, token?: string) {
  const credential = token ?? (await tokenOf(guard));
  const response = await guard.handler(
    new Request(`http://app.test/v1${path}`, {
      headers: { authorization: `Bearer ${credential}` },
    }),
  );
  return { status: response.status, answer: JSON.parse(await response.text()) };
}

async function listOf(guard: Guard, token?: string): Promise<Model[]> {
  return (await get(guard, '/models', token)).answer.data;
}

const idsOf = async (guard: Guard, token?: string) =>
  (await listOf(guard, token)).map(({ id }) => id);

const plansOf = (...models: string[]) => ({ free: { models } });

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0)) await each[Symbol.asyncDispose]();
});

/** A guard in front of OpenAI itself, which must not be called. */
function atOpenAI(options: Partial<GuardOptions>) {
  const fetch = vi.fn<typeof globalThis.fetch>();
  const { apiKey, secret } = canaries;
  const guard = createGuardedCompletion({
    secret,
    plans: plansOf('*'),
    ...(options.upstreams === undefined && { apiKey, fetch }),
    ...options,
  });
  closing.push({ [Symbol.asyncDispose]: () => guard.close({ graceMs: 0 }) });
  return { guard, fetch };
}

/** A guard in front of a host that lists `models`. */
async function atHost(
  models: readonly string[],
  options: Partial<GuardOptions> = {},
): Promise<Fixture> {
  const fixture = await startFixture({ plans: plansOf('*'), ...options }, { models });
  closing.push(fixture);
  return fixture;
}

describe('GET /models for OpenAI', () => {
  it('A pattern lists OpenAI’s models of the price list that it allows, without a call', async () => {
    const { guard, fetch } = atOpenAI({ plans: plansOf('gpt-5*', 'o4-mini') });
    const ids = await idsOf(guard);
    expect(ids).toEqual(expect.arrayContaining(['o4-mini', 'gpt-5', 'gpt-5-mini', 'gpt-5.1']));
    expect(ids.filter((id) => !/^(?:gpt-5|o4-mini$)/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(fetch).not.toHaveBeenCalled();
  });

  it('"*" lists every model that has a price, the free one, and no name that is only a price', async () => {
    const { guard } = atOpenAI({ prices: { 'ft:gpt-4o:my-org::1': { like: 'gpt-4o' } } });
    const ids = await idsOf(guard);
    const table = new PriceTable(new Map(), new Date());
    expect(ids).toEqual(expect.arrayContaining(['text-embedding-3-small', 'ft:gpt-4o:my-org::1']));
    const unpriced = ids.filter((id) => table.find(id) === undefined);
    expect(unpriced).toEqual(['omni-moderation-latest']);
    expect(ids.filter((id) => /^ft:[^:]+$/.test(id))).toEqual([]);
  });

  it('A token’s scope narrows the list, and its own patterns list no more than the plan', async () => {
    const { guard } = atOpenAI({ plans: plansOf('gpt-5*') });
    const narrowed = async (...models: string[]) =>
      idsOf(guard, (await guard.tokens.issue({ user: 'ada', models })).value);
    expect(await narrowed('gpt-5-mini', 'gpt-4o')).toEqual(['gpt-5-mini']);
    expect((await narrowed('gpt-5-*')).every((id) => id.startsWith('gpt-5-'))).toBe(true);
    expect(await narrowed('gpt-4*')).toEqual([]);
  });

  it('Aliases that the plan allows are listed, and an upstream lists only what it serves', async () => {
    const { apiKey } = canaries;
    const { guard } = atOpenAI({
      plans: plansOf('fast', 'gpt-5*', 'gpt-4o*'),
      upstreams: { main: openAI({ apiKey, models: ['gpt-5*'] }) },
      models: { fast: 'gpt-5-mini', hidden: 'gpt-5' },
    });
    const ids = await idsOf(guard);
    expect(ids).toEqual(expect.arrayContaining(['fast', 'gpt-5']));
    expect(ids.filter((id) => id === 'hidden' || id.startsWith('gpt-4o'))).toEqual([]);
  });

  it('Every listed model can be retrieved, as it is in the list, and a model that is not allowed cannot', async () => {
    const { guard } = atOpenAI({ plans: plansOf('gpt-5*') });
    const token = await tokenOf(guard);
    for (const model of await listOf(guard, token)) {
      expect(await get(guard, `/models/${model.id}`, token)).toEqual({
        status: 200,
        answer: model,
      });
    }
    expect((await get(guard, '/models/gpt-4o', token)).status).toBe(403);
  });
});

describe('GET /models for another host', () => {
  const HAS = ['llama-3', 'llama-4', 'qwen', 'ft:gpt-4o:acme::1', 'bad name'];

  it('A pattern lists the host’s own models that it allows, with when they were made', async () => {
    const { guard } = await atHost(HAS, { plans: plansOf('llama*', 'mine') });
    const listed = await listOf(guard);
    expect(listed.map(({ id }) => id)).toEqual(['mine', 'llama-3', 'llama-4']);
    expect(listed[1]).toMatchObject({ created: 1_700_000_000, owned_by: 'openai' });
    expect((await get(guard, '/models/llama-3')).answer).toEqual(listed[1]);
  });

  it('Names that are not written as calls write them are left out, and those with an account’s name', async () => {
    const { guard } = await atHost(HAS);
    expect(await idsOf(guard)).toEqual(['llama-3', 'llama-4', 'qwen']);
  });

  it('The host is asked once in five minutes, however many users ask at once', async () => {
    let nowMs = Date.now();
    const { guard, fake } = await atHost(HAS, { clock: { nowMs: () => nowMs } });
    const lists = () => fake.requests.filter(({ method }) => method === 'GET').length;
    await Promise.all(
      ['ada', 'bob', 'cy'].map(async (user) => idsOf(guard, await tokenOf(guard, user))),
    );
    expect(lists()).toBe(1);
    nowMs += 299_000;
    await idsOf(guard);
    expect(lists()).toBe(1);
    nowMs += 2_000;
    await idsOf(guard);
    expect(lists()).toBe(2);
  });

  it('A plan with exact names asks no host', async () => {
    const { guard, fake } = await atHost(HAS, { plans: plansOf('llama-3') });
    expect(await idsOf(guard)).toEqual(['llama-3']);
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ['refuses', async () => Response.json({ error: 'no' }, { status: 403 })],
    ['answers something else', async () => Response.json({ models: [] })],
    ['cannot be reached', async () => Promise.reject(new Error('down'))],
    ['answers too much', async () => new Response('x'.repeat(9 * 1024 * 1024))],
  ] as const)(
    'A host that %s leaves the exact names, and is a failure once a minute',
    async (_, fetch) => {
      const asked = vi.fn<typeof globalThis.fetch>(fetch);
      const baseURL = 'https://models.example/v1';
      const { guard } = atOpenAI({
        plans: plansOf('mine', 'llama*'),
        prices: { 'llama-3': { tokens: { input: 1, output: 1 } } },
        upstreams: { main: openAICompatible({ baseURL, dialect: 'vllm', fetch: asked }) },
      });
      const failures: unknown[] = [];
      guard.on('failed', ({ error }) => void failures.push(String(error)));
      expect(await idsOf(guard)).toEqual(['mine', 'llama-3']);
      expect(await idsOf(guard)).toEqual(['mine', 'llama-3']);
      expect(asked).toHaveBeenCalledTimes(1);
      expect(failures).toEqual(['Error: The upstream "main" did not list its models.']);
    },
  );

  it('At most 2,000 models of a host are kept', async () => {
    const data = Array.from({ length: 3_000 }, (_, n) => ({ id: `m-${n}` }));
    const fetch = async () => Response.json({ object: 'list', data });
    const baseURL = 'https://models.example/v1';
    const { guard } = atOpenAI({
      upstreams: { main: openAICompatible({ baseURL, dialect: 'vllm', fetch }) },
    });
    expect(await idsOf(guard)).toHaveLength(2_000);
  });

  it('A model whose name is a path of files is called at a server of yours, and never at OpenAI', async () => {
    const model = '/models/llama';
    const { fake } = await atHost([model]);
    const { apiKey } = canaries;
    const { guard } = atOpenAI({
      upstreams: {
        main: openAICompatible({ baseURL: fake.baseURL, dialect: 'vllm', apiKey }),
        openai: openAI({ apiKey, baseURL: fake.baseURL }),
      },
    });
    const { choices } = await guard.client('ada').chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(choices).toHaveLength(1);
    const alone = await atHost([model]);
    const refused = alone.guard.client('ada').chat.completions.create({ model, messages: [] });
    await expect(refused).rejects.toMatchObject({ code: 'model_not_allowed' });
  });
});

describe('A model that the plan does not include', () => {
  it.each([
    [['gpt-5-mini'], 'It includes "gpt-5-mini".'],
    [['a', 'b', 'c'], 'It includes "a", "b", "c".'],
    [['a', 'b', 'c', 'd'], 'It includes "a", "b", "c" and others, which GET /models lists.'],
    [['a', 'gpt-5*'], 'It includes "a" and others, which GET /models lists.'],
    [['gpt-5*'], 'GET /models lists the models that it includes.'],
  ])('With the models %j the denial says what to use', async (models, hint) => {
    const { guard } = atOpenAI({ plans: plansOf(...models) });
    const message = `Your plan does not include the model "gpt-4o". ${hint}`;
    const calls = guard.client('ada');
    const refused = calls.chat.completions.create({ model: 'gpt-4o', messages: [] });
    await expect(refused).rejects.toMatchObject({ error: { message } });
    await expect(calls.models.retrieve('gpt-4o')).rejects.toMatchObject({ error: { message } });
  });

  it('The denial names no model that the token’s scope does not allow', async () => {
    const { guard } = atOpenAI({ plans: plansOf('a', 'b') });
    const { value } = await guard.tokens.issue({ user: 'ada', models: ['b'] });
    const { answer } = await get(guard, '/models/gpt-4o', value);
    expect(answer.error.message).toMatch(/It includes "b"\.$/);
  });
});
