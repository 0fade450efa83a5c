import { describe, expect, it } from 'vitest';
import { createGuardedCompletion, type GuardOptions } from '../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { headerOf } from '../../src/testing/fake-openai/seen-request.ts';
import { openAI } from '../../src/upstream/index.ts';
import { rendezvous } from '../../src/upstream/rendezvous.ts';
import { canaries, chat, codeOf, MODEL, post, tokenOf } from '../fixture.ts';

const SECRET = canaries.secret;
const plans = { free: { models: ['*'] } };

/** Two fakes, and a guard whose options are made of their addresses. */
async function serve(optionsOf: (first: string, second: string) => Partial<GuardOptions>) {
  const [first, second] = await Promise.all([fakeOpenAI(), fakeOpenAI()]);
  const options = optionsOf(first.baseURL, second.baseURL);
  const guard = createGuardedCompletion({ secret: SECRET, plans, ...options });
  const close = async () => {
    await guard.close({ graceMs: 0 });
    await Promise.all([first.close(), second.close()]);
  };
  return { guard, first, second, [Symbol.asyncDispose]: close };
}

const both = (first: string, second: string) => ({
  main: openAI({ apiKey: 'sk-first', baseURL: first }),
  backup: openAI({ apiKey: 'sk-second', baseURL: second }),
});

describe('Several upstreams that serve one model', () => {
  it('A user stays with one of them, and users are spread over both', async () => {
    await using served = await serve((...urls) => ({ upstreams: both(...urls) }));
    const { guard, first, second } = served;
    const names = new Map<string, Set<string | null>>();
    for (const call of [1, 2, 3]) {
      for (let user = 1; user <= 20; user += 1) {
        const answer = await post(guard, await tokenOf(guard, `user-${user}`), chat());
        expect([call, answer.status]).toEqual([call, 200]);
        const seen = names.get(`user-${user}`) ?? new Set();
        names.set(`user-${user}`, seen.add(answer.headers.get('x-guard-upstream')));
      }
    }
    expect([...names.values()].map(({ size }) => size)).toEqual(Array(20).fill(1));
    expect(first.requests.length + second.requests.length).toBe(60);
    expect(Math.min(first.requests.length, second.requests.length)).toBeGreaterThan(0);
  });

  it('Each gets its own key, and never the key of the other', async () => {
    await using served = await serve((...urls) => ({ upstreams: both(...urls) }));
    const { guard, first, second } = served;
    for (let user = 1; user <= 10; user += 1) {
      await (await post(guard, await tokenOf(guard, `user-${user}`), chat())).text();
    }
    const keysAt = (fake: FakeOpenAI) => [
      ...new Set(fake.requests.map((seen) => headerOf(seen, 'authorization'))),
    ];
    expect(keysAt(first)).toEqual(['Bearer sk-first']);
    expect(keysAt(second)).toEqual(['Bearer sk-second']);
  });

  it('A user moves to the other one while the first refuses for its rate limit', async () => {
    await using served = await serve((...urls) => ({ upstreams: both(...urls) }));
    const { guard, first, second } = served;
    for (const fake of [first, second]) {
      fake.scriptNext({ reply: { status: 429, headers: { 'retry-after': '30' }, body: {} } });
    }
    const answer = await post(guard, await tokenOf(guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'upstream_busy']);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });
});

describe('An alias of the option "models"', () => {
  const aliasTo = (models: GuardOptions['models']) => (a: string, b: string) => ({
    upstreams: both(a, b),
    ...(models && { models }),
  });

  it('The first model of an alias answers, by its own name', async () => {
    const models = { fast: ['backup/gpt-5-nano', 'main/gpt-5-mini'] };
    await using served = await serve(aliasTo(models));
    const answer = await post(served.guard, await tokenOf(served.guard), chat({ model: 'fast' }));
    expect(answer.headers.get('x-guard-upstream')).toBe('backup');
    expect(served.second.requests[0]?.body).toMatchObject({ model: 'gpt-5-nano' });
    expect(served.first.requests).toEqual([]);
  });

  it('The next model answers if an upstream does not have the first one, and is what is charged', async () => {
    const models = { fast: ['main/gpt-5', 'backup/gpt-5-nano'] };
    const limits = [{ usd: 1, per: 'day' }] as const;
    await using served = await serve((...urls) => ({
      ...aliasTo(models)(...urls),
      plans: { free: { models: ['*'], limits } },
    }));
    const { guard, first, second } = served;
    const settled = new Promise((resolve) => guard.on('settled', resolve));
    first.script('Say hello.', {
      reply: { status: 404, body: { error: { code: 'model_not_found', message: 'No model.' } } },
    });
    const answer = await post(guard, await tokenOf(guard), chat({ model: 'fast' }));
    await answer.text();
    expect(answer.status).toBe(200);
    const usd = second.totals().costUsd ?? Number.NaN;
    expect(await settled).toMatchObject({
      upstream: 'backup',
      costNanoUsd: Math.ceil(Math.round(usd * 1e12) / 1e3),
    });
  });

  it('A call is held at the dearest model of its alias', async () => {
    const models = { fast: ['main/gpt-5-nano', 'backup/gpt-5'] };
    const limits = [{ usd: 0.005, per: 'day' }] as const;
    await using served = await serve((...urls) => ({
      ...aliasTo(models)(...urls),
      plans: { free: { models: ['*'], maxOutputTokens: 1_000, limits } },
    }));
    const capFor = async (model: string) => {
      const { guard, first, second } = served;
      const answer = await post(guard, await tokenOf(guard, model), chat({ model }));
      expect(answer.status).toBe(200);
      const seen = [...first.requests, ...second.requests].map(({ body }) => body);
      return seen.map((body) => (body as Record<string, number>)['max_completion_tokens']).at(-1);
    };
    expect(await capFor('gpt-5-nano')).toBe(1_000);
    // 0.005 USD are 500 output tokens of gpt-5, which costs 10 USD a million (2026-11).
    expect(await capFor('fast')).toBeLessThan(500);
  });

  it('A client cannot name an upstream', async () => {
    await using served = await serve((...urls) => ({ upstreams: both(...urls) }));
    const { guard, first, second } = served;
    await post(guard, await tokenOf(guard), chat({ model: `backup/${MODEL}` }));
    const [seen] = [...first.requests, ...second.requests];
    expect(seen?.body).toMatchObject({ model: `backup/${MODEL}` });
  });

  it.each<[string, Partial<GuardOptions>, string]>([
    ['names no model', { models: { fast: [] } }, '"options.models.fast"'],
    ['names one model twice', { models: { fast: ['a', 'a'] } }, 'must not name one model twice'],
    ['names an upstream alone', { models: { fast: ['main/'] } }, 'must name a model after "main/"'],
    [
      'leads to a model that a plan does not allow',
      { models: { fast: 'main/gpt-5' }, plans: { free: { models: ['fast'] } } },
      '"options.plans.free.models" must allow "gpt-5" too',
    ],
  ])('An alias that %s is a TypeError', (_, options, message) => {
    const upstreams = { main: openAI({ apiKey: 'sk-first' }) };
    const create = () => createGuardedCompletion({ secret: SECRET, plans, upstreams, ...options });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });
});

describe('The option "upstreams"', () => {
  const upstreams = { main: openAI({ apiKey: 'sk-first' }) };
  it.each<[string, Partial<GuardOptions>, string]>([
    ['is given with "apiKey"', { apiKey: 'sk', upstreams }, '"options.apiKey" must be set on an'],
    ['is empty', { upstreams: {} }, 'at least one upstream'],
    [
      'has a name with a slash',
      { upstreams: { 'a/b': upstreams.main } },
      'must have names of letters',
    ],
    ['has a plain object', { upstreams: { main: {} as never } }, 'must be made by openAI()'],
    ['is missing, and "apiKey" too', {}, '"options.apiKey": must be a non-empty string'],
  ])('Options in which it %s are a TypeError', (_, options, message) => {
    const create = () => createGuardedCompletion({ secret: SECRET, plans, ...options });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });

  it('guard.upstreams.status() shows each upstream with its limits, and who waits', async () => {
    await using served = await serve((...urls) => ({ upstreams: both(...urls) }));
    await (await post(served.guard, await tokenOf(served.guard), chat())).text();
    const status = served.guard.upstreams.status();
    expect(status.map(({ name, circuit }) => [name, circuit.state])).toEqual([
      ['main', 'closed'],
      ['backup', 'closed'],
    ]);
    const families = status.flatMap(({ families }) => families);
    expect(families.map(({ id }) => id).sort()).toEqual([`backup:${MODEL}`, `main:${MODEL}`]);
    expect(JSON.stringify(status)).not.toContain('sk-');
  });
});

describe('Rendezvous hashing', () => {
  const items = (...weights: number[]) =>
    weights.map((weight, index) => ({ id: `upstream-${index}`, weight }));
  const firstOf = (user: number, all: ReturnType<typeof items>) =>
    rendezvous(`user-${user}`, all, (item) => item)[0]?.id;
  const users = Array.from({ length: 4_000 }, (_, user) => user);

  it('Each upstream is first for the share of users that its weight says', () => {
    const all = items(1, 1, 2);
    const heavy = users.filter((user) => firstOf(user, all) === 'upstream-2').length;
    expect(heavy / users.length).toBeGreaterThan(0.46);
    expect(heavy / users.length).toBeLessThan(0.54);
  });

  it('An upstream that is taken away moves only its own users', () => {
    const all = items(1, 1, 1);
    const [, ...left] = all;
    const moved = users.filter((user) => firstOf(user, all) !== firstOf(user, left));
    expect(moved.every((user) => firstOf(user, all) === 'upstream-0')).toBe(true);
  });
});
