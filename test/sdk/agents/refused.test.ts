import { createOpenAI } from '@ai-sdk/openai';
import { generateText } from 'ai';
import { describe, expect, it } from 'vitest';
import { post, startFixture, tokenOf } from '../../fixture.ts';

const AI_SDK = 'AI SDK: providerOptions: { openai: { store: false } }';

const called = { type: 'function_call', call_id: 'call_1', name: 'depth', arguments: '{}' };
const result = { type: 'function_call_output', call_id: 'call_1', output: '11 km' };

describe('What a plan stores nothing for', () => {
  it.each([
    ['an item by its id', { input: [{ type: 'item_reference', id: 'rs_1' }] }, AI_SDK],
    ['a bare id', { input: [{ id: 'msg_1' }] }, AI_SDK],
    [
      'reasoning by its id',
      { input: [{ type: 'reasoning', id: 'rs_1', summary: [] }, called, result] },
      'Ask for it with include: ["reasoning.encrypted_content"]',
    ],
    ['the response before', { input: 'Hi', previous_response_id: 'resp_1' }, 'in "input"'],
    ['a conversation', { input: 'Hi', conversation: 'conv_1' }, 'in "input"'],
    [
      'what the SDK added',
      { input: [{ ...called, parsed_arguments: null }, result] },
      '"toResponseInputItems"',
    ],
    ['an answer in the background', { input: 'Hi', background: true }, 'use "stream" instead'],
  ])('A denial of %s says what to do', async (_, body, advice) => {
    await using fixture = await startFixture();
    const { guard, fake } = fixture;
    const sent = { model: 'gpt-5-mini', ...body };
    const answer = await post(guard, await tokenOf(guard), sent, '/v1/responses');
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe('parameter_not_allowed');
    expect(error.message).toContain(advice);
    expect(error.message.length).toBeLessThan(220);
    expect(fake.requests).toEqual([]);
  });

  it('The AI SDK with its defaults gets the words that help it', async () => {
    await using fixture = await startFixture();
    const { guard, fake } = fixture;
    const openai = createOpenAI({ apiKey: 'unused', fetch: guard.fetchAs('ada') });
    fake.scriptNext({ reasoningTokens: 20, text: 'Deep.' });
    const model = openai('gpt-5-mini');
    const first = { role: 'user' as const, content: 'How deep is the sea?' };
    const { response } = await generateText({ model, messages: [first] });
    const messages = [first, ...response.messages, first];
    await expect(generateText({ model, messages })).rejects.toThrow(AI_SDK);
  });
});
