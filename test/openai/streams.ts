import { type StreamMeter, streamMeter } from '../../src/openai/answer/stream-meter.ts';
import { endpointNamed } from './named.ts';

export const chat = endpointNamed('chat.completions');
export const completions = endpointNamed('completions');
export const responses = endpointNamed('responses');
export const usage = {
  prompt_tokens: 7,
  completion_tokens: 5,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 3 },
};

export const chunk = (delta: object, more: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'gpt-5-mini',
  service_tier: 'default',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
  ...more,
});
export const data = (json: unknown) =>
  `data: ${typeof json === 'string' ? json : JSON.stringify(json)}\n\n`;
export const event = (json: { type: string }) => `event: ${json.type}\n${data(json)}`;

export const words = [
  'Hel',
  'lo "wörld" 🌍',
  '\n\ndata: [DONE]\n\n',
  '漢字',
  '\\',
  '"usage":{"prompt_tokens":1}',
];
export const call = {
  index: 0,
  id: 'call_1',
  type: 'function',
  function: { name: 'f', arguments: '{"a":' },
};
export const deltas = [
  { role: 'assistant', content: '' },
  ...words.map((content) => ({ content })),
  { refusal: 'no' },
  { tool_calls: [call] },
  { tool_calls: [{ index: 0, function: { arguments: '"x"}' } }] },
  {},
];
export const usageChunk = { ...chunk({}), choices: [], usage };

/**
 * The stream for a client that did not request usage, and the stream that OpenAI sends to the
 * guard, which does.
 */
export const direct = [...deltas.map((delta) => data(chunk(delta))), data('[DONE]')].join('');
export const injected = [
  ...deltas.map((delta) => data(chunk(delta, { usage: null, obfuscation: 'xyz' }))),
  data(usageChunk),
  data('[DONE]'),
].join('');
export const directObfuscated = [
  ...deltas.map((delta) => data(chunk(delta, { obfuscation: 'xyz' }))),
  data('[DONE]'),
].join('');
export const response = (more: object) => ({
  id: 'resp_1',
  object: 'response',
  model: 'gpt-5',
  output: [],
  ...more,
});
export const responsesUsage = {
  input_tokens: 7,
  output_tokens: 5,
  input_tokens_details: { cached_tokens: 3 },
};
export const typed = [
  event({ type: 'response.created', ...{ response: response({ usage: null }) } }),
  event({
    type: 'response.output_item.added',
    ...{ item: { type: 'function_call', name: 'f', arguments: '' } },
  }),
  ...words.map((delta, sequence_number) =>
    event({
      type: 'response.output_text.delta',
      ...{ sequence_number, delta, obfuscation: 'xyz' },
    }),
  ),
  event({ type: 'response.output_text.done', ...{ text: words.join('') } }),
  event({
    type: 'response.completed',
    ...{ response: response({ usage: responsesUsage, service_tier: 'flex' }) },
  }),
].join('');

export interface Run {
  readonly meter: StreamMeter;
  readonly passed: string;
}

export function run(endpoint: typeof chat, pieces: readonly Uint8Array[], hideUsage = false): Run {
  const meter = streamMeter(endpoint, { hideUsage, countsText: true });
  const passed: Uint8Array[] = [];
  for (const piece of pieces) passed.push(meter.push(piece) ?? new Uint8Array());
  passed.push(meter.end() ?? new Uint8Array());
  return { meter, passed: Buffer.concat(passed).toString() };
}

export const whole = (text: string) => [Buffer.from(text)];
export const summary = ({
  passed,
  meter: { terminal, failed, reading, deliveredTextBytes, atFrameBoundary },
}: Run) => ({
  passed,
  terminal,
  failed,
  reading,
  deliveredTextBytes,
  atFrameBoundary,
});

export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
}
