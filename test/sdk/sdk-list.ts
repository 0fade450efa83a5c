import type OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAIErrors } from '../../src/testing/fake-openai/error-replies.ts';
import { nextSettled } from '../attacks/served.ts';
import { allEndings, type WatchedLedger, watchedLedger } from '../faults/watched-ledger.ts';
import { type Fixture, MODEL, startFixture } from '../fixture.ts';

export interface SdkUnderTest {
  /** The class whose errors it throws. */
  readonly OpenAI: typeof OpenAI;
  /** A client of this fixture's guard for one user. */
  connect(fixture: Fixture, user: string): OpenAI;
  /** A schema `{ name: string, size: number }`, wrapped by the SDK's own helpers. */
  readonly responseFormat: never;
  readonly textFormat: never;
}

export const plans = {
  free: {
    models: [MODEL, 'text-embedding-3-small', 'omni-moderation-latest'],
    maxOutputTokens: 200,
    limits: [{ requests: 1_000, per: '24h' }],
  },
  poor: { models: [MODEL], limits: [{ requests: 0, per: '24h' }] },
};
const planOf = ({ id }: { id: string }) => (id === 'poor' ? 'poor' : 'free');

const messages = [{ role: 'user' as const, content: 'How deep is the sea?' }];
const question = { model: MODEL, messages };
const TEXT = 'It is deep, and dark.';

/**
 * The common features of the official SDK. Each must work through the guard as it does without it.
 */
export function describeSdk(name: string, sdk: SdkUnderTest): void {
  let fixture: Fixture;
  let ledger: WatchedLedger;
  beforeEach(async () => {
    ledger = watchedLedger();
    fixture = await startFixture({ plans, planOf, ledger, onDisconnect: 'abort' });
  });
  afterEach(() => fixture[Symbol.asyncDispose]());
  const client = (user = 'ada') => sdk.connect(fixture, user);

  describe(`${name}: responses`, () => {
    it('The client creates a completion, which is charged as invoiced', async () => {
      fixture.fake.scriptNext({ text: TEXT });
      const settled = nextSettled(fixture.guard, 'ada');
      const { choices, usage } = await client().chat.completions.create(question);
      expect(choices[0]?.message.content).toBe(TEXT);
      const { inputTokens, outputTokens } = fixture.fake.invoice[0] ?? {};
      expect([usage?.prompt_tokens, usage?.completion_tokens]).toEqual([inputTokens, outputTokens]);
      expect(await settled).toMatchObject({ inputTokens, outputTokens, estimated: false });
    });

    it('The client streams a completion piece by piece', async () => {
      const gate = fixture.fake.gate();
      fixture.fake.scriptNext({ text: TEXT, betweenChunks: gate });
      const stream = await client().chat.completions.create({ ...question, stream: true });
      let text = '';
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? '';
        // The usage that the guard requested comes after the text and is not shown.
        if (text === TEXT) gate.open();
        else gate.pass();
      }
      expect(text).toBe(TEXT);
    });

    it('The client’s stream helper assembles the text, with the usage if requested', async () => {
      fixture.fake.scriptNext({ text: TEXT });
      const stream_options = { include_usage: true };
      const runner = client().chat.completions.stream({ ...question, stream_options });
      const { choices, usage } = await runner.finalChatCompletion();
      expect(choices[0]?.message.content).toBe(TEXT);
      expect(usage?.completion_tokens).toBe(fixture.fake.invoice[0]?.outputTokens);
    });

    it('The client parses structured output of completions and of responses', async () => {
      const thing = { name: 'sea', size: 11 };
      fixture.fake.scriptNext({ text: JSON.stringify(thing) }, 2);
      const response_format = sdk.responseFormat;
      const { choices } = await client().chat.completions.parse({ ...question, response_format });
      expect(choices[0]?.message.parsed).toEqual(thing);
      const text = { format: sdk.textFormat };
      const parsed = await client().responses.parse({ model: MODEL, input: 'A thing?', text });
      expect(parsed.output_parsed).toEqual(thing);
    });

    it('The client runs tools with one guarded call for each step', async () => {
      fixture.fake.scriptNext({ toolCalls: [{ name: 'depth', arguments: { of: 'sea' } }] });
      fixture.fake.scriptNext({ text: TEXT });
      const asked: unknown[] = [];
      const runner = client().chat.completions.runTools({
        ...question,
        tools: [
          {
            type: 'function',
            function: {
              name: 'depth',
              description: 'How deep something is.',
              parameters: { type: 'object', properties: { of: { type: 'string' } } },
              parse: JSON.parse,
              function: (args: unknown) => {
                asked.push(args);
                return '11 km';
              },
            },
          },
        ],
      } as never);
      expect(await runner.finalContent()).toBe(TEXT);
      expect(asked).toEqual([{ of: 'sea' }]);
      expect(fixture.fake.requests).toHaveLength(2);
      await expect.poll(() => allEndings(ledger)).toEqual([['settle'], ['settle']]);
    });

    it('The client creates and streams responses', async () => {
      fixture.fake.scriptNext({ text: TEXT }, 2);
      const input = 'How deep?';
      const whole = await client().responses.create({ model: MODEL, input });
      expect(whole.output_text).toBe(TEXT);
      const stream = client().responses.stream({ model: MODEL, input });
      let text = '';
      stream.on('response.output_text.delta', ({ delta }) => {
        text += delta;
      });
      expect(await stream.finalResponse()).toMatchObject({ status: 'completed' });
      expect(text).toBe(TEXT);
    });

    it('The client embeds, moderates, and lists the models of the plan', async () => {
      const input = ['one', 'two'];
      const model = 'text-embedding-3-small';
      const embedded = await client().embeddings.create({ model, input });
      expect(embedded.data.map(({ embedding }) => embedding.length > 0)).toEqual([true, true]);
      const moderated = await client().moderations.create({ input: 'a text' });
      expect(moderated.results).toHaveLength(1);
      const listed: string[] = [];
      for await (const { id } of client().models.list()) listed.push(id);
      expect(listed).toEqual(plans.free.models);
      expect((await client().models.retrieve(MODEL)).id).toBe(MODEL);
    });
  });

  describe(`${name}: aborted calls`, () => {
    it('Leaving a stream in the middle closes the upstream call and settles it once', async () => {
      const gate = fixture.fake.gate();
      fixture.fake.scriptNext({ text: TEXT, betweenChunks: gate });
      const settled = nextSettled(fixture.guard, 'ada');
      const stream = await client().chat.completions.create({ ...question, stream: true });
      for await (const _ of stream) break;
      expect(await settled).toMatchObject({ estimated: true });
      await fixture.fake.idle();
      expect(fixture.fake.requests[0]?.socketClosedAtMs).toBeDefined();
      expect(allEndings(ledger)).toEqual([['settle']]);
    });

    it('A loop that waits for the next chunk ends when another caller aborts', async () => {
      const gate = fixture.fake.gate();
      fixture.fake.scriptNext({ text: TEXT, betweenChunks: gate });
      const stream = await client().chat.completions.create({ ...question, stream: true });
      const loop = (async () => {
        for await (const _ of stream);
      })();
      await gate.arrived();
      stream.controller.abort();
      await loop;
      await fixture.fake.idle();
      await expect.poll(() => allEndings(ledger)).toEqual([['settle']]);
    });

    it('An abort before the response rejects the call and closes the upstream call', async () => {
      const gate = fixture.fake.gate();
      fixture.fake.scriptNext({ beforeHeaders: gate });
      const { signal, abort } = abortable();
      const pending = client().chat.completions.create(question, { signal });
      await gate.arrived();
      abort();
      await expect(pending).rejects.toBeInstanceOf(sdk.OpenAI.APIUserAbortError);
      await fixture.fake.idle();
      expect(fixture.fake.requests).toHaveLength(1);
      await expect.poll(() => allEndings(ledger)).toEqual([['settle']]);
    });
  });

  describe(`${name}: denials`, () => {
    it('A denial throws a typed error with status and code, without a retry', async () => {
      const pending = client('poor').chat.completions.create(question, { maxRetries: 2 });
      await expect(pending).rejects.toBeInstanceOf(sdk.OpenAI.RateLimitError);
      await expect(pending).rejects.toMatchObject({
        status: 429,
        code: 'quota_exceeded',
        type: 'insufficient_quota',
      });
      expect(fixture.denied).toHaveLength(1);
      expect(fixture.fake.requests).toHaveLength(0);
    });

    it.each([
      ['PermissionDeniedError', 403, 'model_not_allowed', { model: 'gpt-4o' }],
      ['BadRequestError', 400, 'parameter_not_allowed', { service_tier: 'priority' }],
    ] as const)('The client throws %s', async (className, status, code, more) => {
      const pending = client().chat.completions.create({ ...question, ...more });
      await expect(pending).rejects.toBeInstanceOf(sdk.OpenAI[className]);
      await expect(pending).rejects.toMatchObject({ status, code });
      expect(fixture.denied).toHaveLength(1);
    });

    it('The client throws for a blocked user, with and without streaming', async () => {
      await fixture.guard.users.block('ada', { reason: 'abuse' });
      for (const stream of [false, true]) {
        const pending = client().chat.completions.create({ ...question, stream });
        await expect(pending).rejects.toMatchObject({ status: 403, code: 'user_blocked' });
      }
    });

    it('A call that OpenAI may have worked on is not repeated', async () => {
      fixture.fake.script('sea', { break: { with: 'reset' } });
      const pending = client().chat.completions.create(question, { maxRetries: 2 });
      await expect(pending).rejects.toMatchObject({ status: 502, code: 'upstream_failed' });
      expect(fixture.fake.requests).toHaveLength(1);
    });

    it('A call that OpenAI temporarily rejected is repeated, and only the response is charged', async () => {
      fixture.fake.scriptNext({ reply: openAIErrors.serverError() });
      const { choices } = await client().chat.completions.create(question, { maxRetries: 1 });
      expect(choices).toHaveLength(1);
      await expect.poll(() => allEndings(ledger)).toEqual([['release'], ['settle']]);
    });

    it('A stream loop throws when its user is blocked in the middle', async () => {
      const gate = fixture.fake.gate();
      fixture.fake.scriptNext({ text: TEXT, betweenChunks: gate });
      const stream = await client().chat.completions.create({ ...question, stream: true });
      const loop = (async () => {
        for await (const _ of stream);
      })();
      await gate.arrived();
      await fixture.guard.users.block('ada', { reason: 'abuse' });
      await expect(loop).rejects.toMatchObject({ code: 'user_blocked' });
    });
  });
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
