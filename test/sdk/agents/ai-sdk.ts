import type { createOpenAI as CreateOpenAI } from '@ai-sdk/openai';
import type * as Ai from 'ai';
import type { ModelMessage } from 'ai';
import * as z from 'zod';
import { type Agent, type Connection, describeAgent } from './describe-agent.ts';

/** One major of the AI SDK, with the provider that belongs to it. */
export interface AiSdk {
  readonly ai: Pick<
    typeof Ai,
    | 'defaultSettingsMiddleware'
    | 'generateText'
    | 'stepCountIs'
    | 'streamText'
    | 'tool'
    | 'wrapProvider'
  >;
  readonly createOpenAI: typeof CreateOpenAI;
}

export function describeAiSdk(name: string, { ai, createOpenAI }: AiSdk): void {
  const { defaultSettingsMiddleware, generateText, stepCountIs, streamText, tool, wrapProvider } =
    ai;

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

  describeAgent(`${name} as the README has it`, withProvider(openaiOf));
  describeAgent(`${name} with its defaults`, withProvider(createOpenAI), { refers: true });
}
