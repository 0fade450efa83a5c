import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { nextSettled } from '../attacks/served.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { plans } from './proxied.ts';
import { appClient, drain } from './sdk.ts';

const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
const EVENTS = { 'content-type': 'text/event-stream' };
const chunk = (more: object) => `data: ${JSON.stringify({ id: 'c', model: MODEL, ...more })}\n\n`;
const choice = (more: object) => ({
  choices: [{ index: 0, delta: {}, finish_reason: null, ...more }],
});

const TEXT = chunk(choice({ delta: { content: 'one two' } }));
const FINISH = chunk(choice({ finish_reason: 'stop' }));
const USAGE = chunk({ choices: [], usage });
const BOTH = chunk({ ...choice({ finish_reason: 'stop' }), usage });
const asked = { stream: true, stream_options: { include_usage: true } };

const whole: Record<string, string> = {
  'a finish and a usage': TEXT + FINISH + USAGE,
  'a usage in the last chunk': TEXT + BOTH,
  'a usage without choices': TEXT + USAGE,
  'a usage without its blank line': TEXT + FINISH + USAGE.trimEnd(),
  'a comment behind the usage': `${TEXT}${FINISH}${USAGE}: bye\n\n`,
};
const cut: Record<string, string> = {
  'a part of the text': TEXT,
  'a finish and no usage': TEXT + FINISH,
  'a part of the usage': TEXT + FINISH + USAGE.slice(0, -20),
  'a usage that counts while text comes': chunk({ ...choice({ delta: { content: 'a' } }), usage }),
  'text behind a usage': TEXT + USAGE + TEXT,
  'a part of the last event': `${TEXT}${FINISH}${USAGE}data: [DO`,
};

const ask = async (body: string, more: Record<string, unknown> = asked) => {
  const fixture = await startFixture({ plans });
  const reply = { body, headers: EVENTS, billed: true };
  fixture.fake.scriptNext({ reply });
  const settled = nextSettled(fixture.guard, 'ada');
  const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat(more));
  const text = await answer.text();
  const charge = await settled;
  await fixture[Symbol.asyncDispose]();
  return { text, charge };
};

describe('A stream that ends without [DONE]', () => {
  it.each(Object.entries(whole))('A stream that ends behind %s is whole', async (_, body) => {
    const { text, charge } = await ask(body);
    expect(text).toBe(body);
    expect(charge).toMatchObject({ inputTokens: 7, outputTokens: 2, estimated: false });
  });

  it('A whole stream stays whole for a client that did not ask for usage', async () => {
    const { text, charge } = await ask(TEXT + FINISH + USAGE, { stream: true });
    expect(text).toBe(TEXT + FINISH);
    expect(charge).toMatchObject({ outputTokens: 2, estimated: false });
  });

  it.each(Object.entries(cut))('A stream that ends behind %s is broken', async (_, body) => {
    const { text } = await ask(body);
    expect(text).toContain('"code":"upstream_failed"');
    expect(text).not.toContain('[DONE]');
  });

  it('The official SDK reads such a stream to its end', async () => {
    await using fixture = await startFixture({ plans });
    fixture.fake.scriptNext({ reply: { body: TEXT + FINISH + USAGE, headers: EVENTS } });
    const client: OpenAI = await appClient(fixture.guard);
    const stream = await client.chat.completions.create(chat(asked) as never);
    const { items, error } = await drain(stream as unknown as AsyncIterable<unknown>);
    expect([items.length, error]).toEqual([3, undefined]);
  });

  it.each(['completed', 'incomplete', 'failed', 'cancelled'])(
    'A stream of Responses that ends with response.%s is whole',
    async (status) => {
      await using fixture = await startFixture({ plans });
      const response = { status, output: [], usage: { input_tokens: 3, output_tokens: 4 } };
      const event = (type: string, more: object) =>
        `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
      const body =
        event('response.created', { response: { status: 'in_progress' } }) +
        event(`response.${status}`, { response });
      fixture.fake.scriptNext({ reply: { body, headers: EVENTS, billed: true } });
      const settled = nextSettled(fixture.guard, 'ada');
      const asked = { model: MODEL, input: 'hi', stream: true };
      const answer = await post(
        fixture.guard,
        await tokenOf(fixture.guard),
        asked,
        '/v1/responses',
      );
      expect(await answer.text()).toBe(body);
      expect(await settled).toMatchObject({ inputTokens: 3, outputTokens: 4, estimated: false });
    },
  );
});
