import { describe, expect, it } from 'vitest';
import {
  createGuardedCompletion,
  type GuardOptions,
  type ModerateSpec,
  moderate,
} from '../../src/index.ts';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { openAICompatible } from '../../src/upstream/index.ts';
import { canaries, codeOf, post, tokenOf } from '../fixture.ts';
import { bodies } from '../openai/building.ts';
import { startHooked } from './fixture.ts';

const models = [...new Set(Object.values(bodies).map(({ model }) => model))];
const plans: GuardOptions['plans'] = {
  free: {
    models,
    maxOutputTokens: 100,
    limits: [{ requests: 5, per: '24h' }],
    allow: { images: {} },
  },
};

const start = (spec: ModerateSpec = {}, options: Partial<GuardOptions> = {}) =>
  startHooked({ plans, before: moderate(spec), ...options });
const flagging = (...flags: string[]): Script => ({ flags });

const asking: [string, string, object][] = [
  ['chat', '/v1/chat/completions', bodies['chat.completions']],
  ['responses', '/v1/responses', bodies.responses],
  ['completions', '/v1/completions', bodies.completions],
  ['embeddings', '/v1/embeddings', bodies.embeddings],
];

describe('moderate()', () => {
  it.each(asking)('A flagged request gets 403 and is not charged: %s', async (_, path, body) => {
    await using fixture = await start();
    fixture.fake.script('hi', flagging('violence', 'hate'));
    const token = await tokenOf(fixture.guard);
    const answer = await post(fixture.guard, token, body, path);
    expect(answer.status).toBe(403);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe('request_denied');
    expect(error.message).toBe('The request was flagged for hate, violence.');
    expect(fixture.fake.requests.map(({ url }) => url)).toEqual(['/v1/moderations']);
    expect(await fixture.taken()).toBe(0);
  });

  it.each(asking)(
    'A clean request passes, and the moderation costs the user nothing: %s',
    async (_, path, body) => {
      await using fixture = await start();
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), body, path);
      expect(answer.status).toBe(200);
      expect(fixture.fake.requests.map(({ url }) => url)).toEqual(['/v1/moderations', path]);
      expect(fixture.fake.requests[0]?.body).toMatchObject({
        model: 'omni-moderation-latest',
        input: ['hi'],
      });
      await expect.poll(() => fixture.taken()).toBe(1);
    },
  );

  const down: [string, Script][] = [
    ['an error', { reply: { status: 500, body: { error: { message: 'down' } } } }],
    ['a refusal for its rate', { reply: { status: 429, body: { error: { message: 'busy' } } } }],
    ['no results', { reply: { body: { results: [] } } }],
    ['no JSON', { reply: { body: '<html>' } }],
    ['silence', { neverAnswer: true }],
  ];
  it.each(down)('If the moderation answers with %s, "onError" decides', async (_, script) => {
    for (const onError of ['deny', 'allow'] as const) {
      await using fixture = await start({ onError, timeout: '300ms' });
      fixture.fake.scriptNext(script);
      const answer = await fixture.ask();
      expect(answer.status === 200 ? 200 : await codeOf(answer)).toBe(
        onError === 'allow' ? 200 : 'hook_unavailable',
      );
      expect(fixture.failed).toMatchObject([{ source: 'hook' }]);
      expect(String(fixture.failed[0]?.error)).toContain('The before "moderate" failed');
    }
  });

  it('Only the categories and scores of the options count', async () => {
    const answers: number[] = [];
    for (const spec of [
      { categories: ['violence'] },
      { categories: ['hate'] },
      { threshold: 0.95 },
      { threshold: 0.8 },
    ]) {
      await using fixture = await start(spec);
      fixture.fake.scriptNext(flagging('hate'));
      answers.push((await fixture.ask()).status);
    }
    expect(answers).toEqual([200, 403, 200, 403]);
  });

  it('"onFlag" sees what was flagged, and may let it pass', async () => {
    const seen: unknown[] = [];
    await using fixture = await start({
      onFlag: (flagged, { key }) => void seen.push(flagged, key),
    });
    fixture.fake.scriptNext(flagging('self-harm'));
    expect((await fixture.ask()).status).toBe(200);
    expect(seen).toMatchObject([
      { categories: ['self-harm'], scores: { 'self-harm': 0.9 } },
      'ada',
    ]);
  });

  it('Each image is moderated in a request of its own, and text in one', async () => {
    await using fixture = await start();
    const png =
      'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const image = { type: 'image_url', image_url: { url: png } };
    const content = [{ type: 'text', text: 'What is this?' }, image, image];
    const answer = await fixture.ask({ messages: [{ role: 'user', content }] });
    expect(answer.status).toBe(200);
    const inputs = fixture.fake.requests.map(({ body }) => (body as { input?: unknown }).input);
    expect(inputs.slice(0, 3)).toEqual([['What is this?'], [image], [image]]);
  });

  it.each<[string, Record<string, unknown>, string | undefined]>([
    [
      'text that is too long',
      { messages: [{ role: 'user', content: 'x'.repeat(160_001) }] },
      undefined,
    ],
    ['token ids', { model: models[3], input: [1, 2, 3], messages: undefined }, '/v1/embeddings'],
  ])(
    'What cannot be moderated is denied, unless "onError" is "allow": %s',
    async (_, more, path) => {
      for (const onError of ['deny', 'allow'] as const) {
        await using fixture = await start({ onError });
        const answer = await fixture.ask(more, path);
        expect(answer.status).toBe(onError === 'allow' ? 200 : 403);
      }
    },
  );

  it('A guard without an upstream that moderates says so', async () => {
    const local = openAICompatible({ baseURL: 'http://127.0.0.1:9', dialect: 'ollama' });
    const { secret } = canaries;
    const guard = createGuardedCompletion({
      secret,
      upstreams: { local },
      plans: { free: { models: ['llama3'] } },
      before: moderate(),
    });
    const failures: unknown[] = [];
    guard.on('failed', ({ error }) => void failures.push(error));
    const body = { ...bodies['chat.completions'], model: 'llama3' };
    const answer = await post(guard, await tokenOf(guard), body);
    expect(await codeOf(answer)).toBe('hook_unavailable');
    expect(String(failures[0])).toContain('No upstream serves');
    await guard.close();
  });

  it.each([
    [{ threshold: 0 }, /"options\.threshold"/],
    [{ categories: [] }, /"options\.categories"/],
    [{ timeout: 'soon' }, /"options\.timeout"/],
  ])('A wrong option throws, and the error names it: %o', (spec, message) => {
    expect(() => moderate(spec)).toThrow(message);
  });
});
