import { encryptedMember } from './encrypted-reasoning.ts';
import type { Choice, Generation, ToolCall } from './generation.ts';
import { hostedItems, toolUsage } from './hosted-items.ts';
import { type FakeJson, isRecord } from './json.ts';
import { responseUsage, tierMember, withUsage } from './usage.ts';

/** The whole response object after the last token. */
export function finishedResponse(generation: Generation): FakeJson {
  const incomplete = choiceOf(generation).finish === 'length';
  return {
    ...responseObject(generation, incomplete ? 'incomplete' : 'completed', outputOf(generation)),
    completed_at: incomplete ? null : generation.createdAt,
    incomplete_details: incomplete ? { reason: 'max_output_tokens' } : null,
    usage: undefined,
    ...withUsage({}, responseUsage(generation), generation.call.script.usage),
    ...toolUsage(generation),
  };
}

export const responseIdOf = (serial: string): string => `resp_${serial}`;

export function responseObject(
  generation: Generation,
  status: string,
  output: readonly object[],
): FakeJson {
  const { body, serial } = generation.call;
  const textOptions = isRecord(body['text']) ? body['text'] : {};
  return {
    id: responseIdOf(serial),
    object: 'response',
    created_at: generation.createdAt,
    status,
    ...DEFAULTS,
    ...echoed(body),
    model: generation.model,
    ...tierMember(generation),
    text: { format: { type: 'text' }, verbosity: 'medium', ...textOptions },
    output,
    usage: null,
  };
}

/** The members of a response that echo a parameter of the request, with OpenAI's defaults. */
const DEFAULTS: FakeJson = {
  background: false,
  billing: { payer: 'developer' },
  completed_at: null,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  store: true,
  temperature: 1,
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  user: null,
  metadata: {},
};

function echoed(body: FakeJson): FakeJson {
  return Object.fromEntries(Object.entries(body).filter(([key]) => key in DEFAULTS));
}

export function choiceOf(generation: Generation): Choice {
  const [choice] = generation.choices;
  if (!choice) throw new TypeError('A response has exactly one choice.');
  return choice;
}

/** The finished output items in the order in which they are made. */
export function outputOf(generation: Generation): FakeJson[] {
  const choice = choiceOf(generation);
  const { serial } = generation.call;
  const items: FakeJson[] = [];
  if (choice.reasoningTokens > 0) {
    const encrypted = encryptedMember(generation);
    items.push({ id: `rs_${serial}`, type: 'reasoning', summary: [], ...encrypted });
  }
  items.push(...hostedItems(generation));
  if (choice.tokens.length > 0) items.push(messageItem(generation, choice));
  for (const call of choice.toolCalls) items.push(functionCallItem(call));
  return items;
}

function messageItem(generation: Generation, choice: Choice): FakeJson {
  return {
    id: `msg_${generation.call.serial}`,
    type: 'message',
    status: choice.finish === 'length' ? 'incomplete' : 'completed',
    content: [textPart(choice.tokens.join(''))],
    role: 'assistant',
  };
}

export function textPart(text: string): FakeJson {
  return { type: 'output_text', annotations: [], logprobs: [], text };
}

function functionCallItem(call: ToolCall): FakeJson {
  return {
    id: `fc_${call.id.slice(5)}`,
    type: 'function_call',
    status: 'completed',
    arguments: call.tokens.join(''),
    call_id: call.id,
    name: call.name,
  };
}
