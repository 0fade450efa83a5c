import { describe, expect, it } from 'vitest';
import { createGuardedCompletion, type Guard, type GuardOptions } from '../../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { canaries } from '../../canary.ts';
import { post, tokenOf } from '../../fixture.ts';
import { type HostUnderTest, hostsUnderTest, KEY } from './hosts-under-test.ts';

const CAP = 50;
/** What a host writes without a cap that it knows. */
const GREED = 5_000;
const greedy = { adversary: 'max', cachedInputTokens: 2 } as const;

type PlanSpec = GuardOptions['plans'][string];

interface Served extends AsyncDisposable {
  readonly fake: FakeOpenAI;
  readonly ask: (body: object, path?: string) => Promise<{ status: number; text: string }>;
  readonly settled: { outputTokens: number; inputTokens: number; costNanoUsd: number }[];
  readonly released: unknown[];
  readonly guard: Guard;
}

/** A guard in front of one host. */
async function serve(host: HostUnderTest, plan: Partial<PlanSpec> = {}): Promise<Served> {
  const fake = await fakeOpenAI({
    dialect: host.dialect,
    apiKeys: [KEY],
    maxOutputTokens: GREED,
  });
  fake.script(/./, greedy);
  const guard = createGuardedCompletion({
    logger: false,
    upstreams: { main: host.specFor(fake) },
    secret: canaries.secret,
    plans: { free: { models: [host.model], maxOutputTokens: CAP, ...plan } },
  });
  const settled: Served['settled'] = [];
  const released: unknown[] = [];
  guard.on('settled', (event) => void settled.push(event));
  guard.on('released', (event) => void released.push(event));
  const token = await tokenOf(guard);
  return {
    fake,
    guard,
    settled,
    released,
    ask: async (body, path = '/v1/chat/completions') => {
      const answer = await post(guard, token, { model: host.model, ...body }, path);
      return { status: answer.status, text: await answer.text() };
    },
    async [Symbol.asyncDispose]() {
      await guard.close({ graceMs: 0 });
      await fake.close();
    },
  };
}

const messages = [{ role: 'user', content: 'How deep is the sea?' }];
const chat = { messages };
const errorIn = (text: string) =>
  (JSON.parse(text) as { error: { message: string; param: string; code: string } }).error;

describe.each(hostsUnderTest)('$title behind a guard', (host) => {
  const withResponses = !['Azure, classic', 'Gemini'].includes(host.title);
  const paths: readonly (readonly [string, object])[] = [
    ['/v1/chat/completions', chat],
    ...(withResponses ? [['/v1/responses', { input: 'How deep is the sea?' }] as const] : []),
  ];

  describe.each(paths)('calls of %s', (path, body) => {
    it.each([false, true])(
      'never pass a limit, although the host writes all that it may, streamed: %s',
      async (stream) => {
        const limits = [{ outputTokens: 2 * CAP, per: 'day' }] as const;
        await using served = await serve(host, { limits });
        const statuses = [];
        for (let calls = 0; calls < 4; calls++) {
          statuses.push((await served.ask({ ...body, stream }, path)).status);
        }
        expect(statuses).toEqual([200, 200, 429, 429]);
        expect(served.fake.totals().outputTokens).toBe(2 * CAP);
      },
    );

    it.each([false, true])('are charged what the host bills, streamed: %s', async (stream) => {
      const known = host.dialect === 'gemini' ? { cachedInputTokens: 0 } : {};
      await using served = await serve(host, { limits: [{ tokens: 100_000, per: 'day' }] });
      served.fake.script(/./, { ...greedy, ...known });
      expect((await served.ask({ ...body, stream }, path)).status).toBe(200);
      await expect.poll(() => served.settled).toHaveLength(1);
      const [charge] = served.settled;
      const [line] = served.fake.invoice;
      expect(charge).toMatchObject({
        inputTokens: line?.inputTokens,
        outputTokens: line?.outputTokens,
      });
      if (!host.isPriced || line?.costUsd === undefined) return;
      const over = (charge?.costNanoUsd ?? 0) - line.costUsd * 1e9;
      // DeepSeek is cheaper at night; the guard charges its dearest hour.
      expect(over).toBeGreaterThan(-0.01);
      if (host.dialect !== 'deepseek') expect(over).toBeLessThan(1.01);
    });
  });

  it('refuses what the host does not take, by its name, before anything is held', async () => {
    await using served = await serve(host, { allow: { vendorFields: ['top_a'] } });
    const isTaken = host.dialect === 'openrouter';
    const { status, text } = await served.ask({ ...chat, top_a: 0.1 });
    expect(status).toBe(isTaken ? 200 : 400);
    if (isTaken) return;
    expect(errorIn(text)).toMatchObject({ param: 'top_a', code: 'parameter_not_allowed' });
    expect(errorIn(text).message).toContain('is not taken by');
    expect(served.fake.requests).toEqual([]);
  });

  it('refuses fields of other hosts that the plan does not allow, and names the allowance', async () => {
    await using served = await serve(host);
    const { status, text } = await served.ask({ ...chat, top_k: 4 });
    expect(status).toBe(400);
    expect(errorIn(text)).toMatchObject({ param: 'top_k', code: 'parameter_not_allowed' });
    expect(errorIn(text).message).toContain('allow.vendorFields');
    expect(served.fake.requests).toEqual([]);
  });

  it('shows an error of the host in the form of OpenAI, and charges nothing', async () => {
    await using fake = await fakeOpenAI({
      dialect: host.dialect,
      apiKeys: [KEY],
      models: ['another'],
    });
    const guard = createGuardedCompletion({
      logger: false,
      upstreams: { main: host.specFor(fake) },
      secret: canaries.secret,
      plans: { free: { models: [host.model], limits: [{ tokens: 100_000, per: 'day' }] } },
    });
    try {
      const answer = await post(guard, await tokenOf(guard), { model: host.model, messages });
      expect(answer.status).toBe(404);
      expect(errorIn(await answer.text()).message).toContain('does not exist');
      expect(fake.invoice).toEqual([]);
      const { limits } = await guard.users.usage('ada');
      expect(limits[0]).toMatchObject({ used: 0 });
    } finally {
      await guard.close({ graceMs: 0 });
    }
  });
});

describe('hosts that take fields of their own', () => {
  const hostOf = (title: string): HostUnderTest => {
    const host = hostsUnderTest.find((one) => one.title === title);
    if (host === undefined) throw new Error(title);
    return host;
  };

  it.each([
    ['vLLM', { top_k: 4, chat_template_kwargs: { enable_thinking: false } }],
    ['Mistral', { safe_prompt: true }],
    ['Gemini', { extra_body: { google: { thinking_config: { thinking_budget: 0 } } } }],
    ['DeepSeek', { thinking: { type: 'disabled' } }],
    ['OpenRouter', { reasoning: { effort: 'low' }, min_p: 0.1 }],
  ] as const)('%s gets them as they came, where the plan allows them', async (title, own) => {
    const vendorFields = Object.keys(own) as NonNullable<PlanSpec['allow']>['vendorFields'];
    await using served = await serve(hostOf(title), {
      allow: vendorFields === undefined ? {} : { vendorFields },
    });
    expect((await served.ask({ ...chat, ...own })).status).toBe(200);
    expect(served.fake.requests[0]?.body).toMatchObject(own);
  });

  it('xAI serves a model that reasons by the Responses API alone', async () => {
    const host = { ...hostOf('xAI'), model: 'grok-4' };
    await using served = await serve(host);
    const { status, text } = await served.ask(chat);
    expect([status, errorIn(text).param]).toEqual([400, 'model']);
    expect((await served.ask({ input: 'hi' }, '/v1/responses')).status).toBe(200);
    expect(served.fake.totals().outputTokens).toBe(CAP);
  });

  it('an endpoint that the host does not serve is refused', async () => {
    await using served = await serve(hostOf('Groq'));
    const { status, text } = await served.ask({ input: 'hi' }, '/v1/embeddings');
    expect([status, errorIn(text).code]).toEqual([403, 'endpoint_not_allowed']);
  });
});
