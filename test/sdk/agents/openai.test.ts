import OpenAI from 'openai';
import { toResponseInputItems } from 'openai/lib/responses/ResponseInputItems';
import type { Response as Responded, ResponseInput } from 'openai/resources/responses/responses';
import { type Agent, type Chat, describeAgent } from './describe-agent.ts';

const tools = [
  {
    type: 'function' as const,
    name: 'depth',
    description: 'How deep something is.',
    parameters: { type: 'object', properties: {}, additionalProperties: false },
    strict: true,
  },
];

/** The loop of its documentation: what the model wrote goes into the input of the next call. */
const loop: Agent = async (connection, chat) => {
  const client = new OpenAI(connection);
  const input: ResponseInput = [];
  let answer = '';
  for (const content of chat.questions) {
    input.push({ role: 'user', content });
    for (;;) {
      const response = await respond(client, chat, input);
      input.push(...toResponseInputItems(response.output));
      const calls = response.output.filter((item) => item.type === 'function_call');
      answer = response.output_text;
      if (calls.length === 0) break;
      for (const { call_id } of calls) {
        input.push({ type: 'function_call_output', call_id, output: chat.depth ?? '' });
      }
    }
  }
  return answer;
};

function respond(client: OpenAI, { model, depth, stream }: Chat, input: ResponseInput) {
  const body = { model, input, ...(depth !== undefined && { tools }) };
  return stream
    ? (client.responses.stream(body).finalResponse() as Promise<Responded>)
    : client.responses.create(body);
}

/** The other way of its documentation: the answer before is named by its id. */
const chain: Agent = async (connection, chat) => {
  const client = new OpenAI(connection);
  let previous: Responded | undefined;
  const ask = async (input: ResponseInput) => {
    const id = previous && { previous_response_id: previous.id };
    const { depth, model } = chat;
    const body = { model, input, ...(depth !== undefined && { tools }), ...id };
    previous = await client.responses.create(body);
    return previous.output.filter((item) => item.type === 'function_call');
  };
  for (const content of chat.questions) {
    let calls = await ask([{ role: 'user', content }]);
    while (calls.length > 0) {
      const output = chat.depth ?? '';
      calls = await ask(
        calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output })),
      );
    }
  }
  return previous?.output_text ?? '';
};

describeAgent('The loop of the openai package', loop);
describeAgent('A chain of responses of the openai package', chain, { refers: true });
