import { createOpenAI } from '@ai-sdk/openai-3';
import {
  defaultSettingsMiddleware,
  generateText,
  type ModelMessage,
  stepCountIs,
  streamText,
  tool,
  wrapProvider,
} from 'ai-6';
import * as z from 'zod';
import { type Agent, type Connection, describeAgent } from './describe-agent.ts';

/** As the README writes it. */
function openaiOf(connection: Connection) {
  const settings = { providerOptions: { openai: { store: false } } };
  return wrapProvider({
    provider: createOpenAI(connection),
    languageModelMiddleware: defaultSettingsMiddleware({ settings }),
  });
}

const withProvider =
  (provider: (connection: Connection) => ReturnType<typeof openaiOf>): Agent =>
  async (connection, { model, questions, depth, stream }) => {
    const tools = {
      depth: tool({
        description: 'How deep something is.',
        inputSchema: z.object({}),
        execute: async () => depth,
      }),
    };
    const messages: ModelMessage[] = [];
    let answer = '';
    for (const content of questions) {
      messages.push({ role: 'user', content });
      const asked = {
        model: provider(connection).languageModel(model),
        messages,
        stopWhen: stepCountIs(3),
        ...(depth !== undefined && { tools }),
        maxRetries: 0,
      };
      const result = stream ? streamText(asked) : await generateText(asked);
      answer = await result.text;
      messages.push(...(await result.response).messages);
    }
    return answer;
  };

describeAgent('ai 6 as the README has it', withProvider(openaiOf));
describeAgent('ai 6 with its defaults', withProvider(createOpenAI), { refers: true });
