import { createOpenAI } from '@ai-sdk/openai';
import {
  convertToModelMessages,
  defaultSettingsMiddleware,
  isStepCount,
  readUIMessageStream,
  streamText,
  ToolLoopAgent,
  tool,
  type UIMessage,
  wrapProvider,
} from 'ai';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { type Fixture, startFixture } from '../../fixture.ts';

const call = { reasoningTokens: 40, toolCalls: [{ name: 'depth', arguments: {} }] };
const last = { reasoningTokens: 20, text: 'It is deep, and dark.' };

const tools = {
  depth: tool({
    description: 'How deep something is.',
    inputSchema: z.object({}),
    execute: async () => '11 km',
  }),
};

/** As the README writes it. */
function modelOf({ guard }: Fixture) {
  const settings = { providerOptions: { openai: { store: false } } };
  return wrapProvider({
    provider: createOpenAI({ apiKey: 'unused', fetch: guard.fetchAs('ada') }),
    languageModelMiddleware: defaultSettingsMiddleware({ settings }),
  }).languageModel('gpt-5-mini');
}

it('The messages of useChat can be sent back, with a tool call and a second question', async () => {
  await using fixture = await startFixture();
  for (const script of [call, last, last]) fixture.fake.scriptNext(script);
  const chat: UIMessage[] = [];
  for (const [index, text] of ['How deep is the sea?', 'And in feet?'].entries()) {
    chat.push({ id: `q${index}`, role: 'user', parts: [{ type: 'text', text }] });
    const result = streamText({
      model: modelOf(fixture),
      messages: await convertToModelMessages(chat),
      tools,
      stopWhen: isStepCount(3),
    });
    let answer: UIMessage | undefined;
    for await (const message of readUIMessageStream({ stream: result.toUIMessageStream() })) {
      answer = message;
    }
    if (answer === undefined) throw new Error('There was no answer.');
    // As it comes back from the browser.
    chat.push(JSON.parse(JSON.stringify(answer)) as UIMessage);
    expect(await result.text).toBe(last.text);
  }
  expect(fixture.fake.requests).toHaveLength(3);
});

it('A ToolLoopAgent runs its loop', async () => {
  await using fixture = await startFixture();
  for (const script of [call, call, last]) fixture.fake.scriptNext(script);
  const agent = new ToolLoopAgent({ model: modelOf(fixture), tools });
  const { text, steps } = await agent.generate({ prompt: 'How deep is the sea?' });
  expect([text, steps.length]).toEqual([last.text, 3]);
});
