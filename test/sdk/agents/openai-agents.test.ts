import {
  type AgentInputItem,
  Agent as Assistant,
  OpenAIProvider,
  Runner,
  tool,
} from '@openai/agents';
import OpenAI from 'openai';
import * as z from 'zod';
import { type Agent, describeAgent } from './describe-agent.ts';

const agents: Agent = async (connection, { model, questions, depth, stream }) => {
  const modelProvider = new OpenAIProvider({ openAIClient: new OpenAI(connection) });
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  const depthTool = tool({
    name: 'depth',
    description: 'How deep something is.',
    parameters: z.object({}),
    execute: async () => depth ?? '',
  });
  const tools = depth === undefined ? [] : [depthTool];
  const assistant = new Assistant({ name: 'Diver', instructions: 'Be short.', model, tools });
  let history: AgentInputItem[] = [];
  let answer = '';
  for (const content of questions) {
    history.push({ role: 'user', content });
    if (stream) {
      const result = await runner.run(assistant, history, { stream: true });
      await result.completed;
      history = result.history;
      answer = result.finalOutput ?? '';
    } else {
      const result = await runner.run(assistant, history);
      history = result.history;
      answer = result.finalOutput ?? '';
    }
  }
  return answer;
};

describeAgent('The Agents SDK', agents);
