import { type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import * as z from 'zod';
import { type Agent, describeAgent } from './describe-agent.ts';

const langchain: Agent = async (connection, { model, questions, depth, stream }) => {
  const { apiKey, ...configuration } = connection;
  const chat = new ChatOpenAI({
    model,
    apiKey,
    configuration,
    useResponsesApi: true,
    maxRetries: 0,
  });
  const depthTool = tool(async () => depth ?? '', {
    name: 'depth',
    description: 'How deep something is.',
    schema: z.object({}),
  });
  const runnable = chat.bindTools(depth === undefined ? [] : [depthTool]);
  const messages: BaseMessage[] = [];
  let answer = '';
  for (const content of questions) {
    messages.push(new HumanMessage(content));
    for (;;) {
      const message = stream
        ? await gathered(await runnable.stream(messages))
        : await runnable.invoke(messages);
      messages.push(message);
      answer = message.text;
      const calls = message.tool_calls ?? [];
      if (calls.length === 0) break;
      for (const { id = '' } of calls) {
        messages.push(new ToolMessage({ content: depth ?? '', tool_call_id: id }));
      }
    }
  }
  return answer;
};

async function gathered(stream: Awaited<ReturnType<ChatOpenAI['stream']>>) {
  let whole: Awaited<ReturnType<ChatOpenAI['invoke']>> | undefined;
  for await (const chunk of stream) whole = whole === undefined ? chunk : whole.concat(chunk);
  if (whole === undefined) throw new Error('The stream had no chunk.');
  return whole;
}

describeAgent('LangChain', langchain);
