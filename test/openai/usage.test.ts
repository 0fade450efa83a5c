import { describe, expect, it } from 'vitest';
import { readAnswer as readWhole } from '../../src/openai/answer/read-answer.ts';
import { endpointNamed } from './named.ts';

const chat = endpointNamed('chat.completions');
const responses = endpointNamed('responses');
const embeddings = endpointNamed('embeddings');

type Endpoint = typeof chat;
const readUsage = ({ usage }: Endpoint, json: unknown) => usage?.(json);
function readAnswer({ usage }: Endpoint, answer: Uint8Array) {
  const read = readWhole(usage, answer);
  return read === 'invalid' ? read : read.reading;
}

const chatUsage = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: {
    cached_tokens: 40,
    cache_write_tokens: 10,
    cache_write_tokens_details: { ttl_12h_tokens: 4 },
    audio_tokens: 5,
    image_tokens: 6,
  },
  completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 2, image_tokens: 3 },
};
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('readUsage', () => {
  it('readUsage returns all details of a chat completion', () => {
    const answer = { model: 'gpt-5-2026-01-01', service_tier: 'flex', usage: chatUsage };
    expect(readUsage(chat, answer)).toEqual({
      model: 'gpt-5-2026-01-01',
      serviceTier: 'flex',
      usage: {
        inputTokens: 100,
        cachedInputTokens: 40,
        cacheWriteTokens: 10,
        cacheWriteLongTokens: 4,
        outputTokens: 50,
        reasoningTokens: 20,
        inputAudioTokens: 5,
        inputImageTokens: 6,
        outputAudioTokens: 2,
        outputImageTokens: 3,
      },
    });
  });

  it('readUsage counts the hosted tool calls of a response', () => {
    const answer = {
      usage: { input_tokens: 10, output_tokens: 5 },
      output: [
        { type: 'web_search_call' },
        { type: 'code_interpreter_call' },
        { type: 'code_interpreter_call' },
        { type: 'function_call' },
        { type: 'message' },
      ],
      tool_usage: { web_search: { num_requests: 3 } },
    };
    const hostedCalls = { billed: { web_search: 3, code_interpreter: 1 } };
    expect(readUsage(responses, answer)).toMatchObject({ hostedCalls });
  });

  it('readUsage returns zero output for an embedding', () => {
    const reading = readUsage(embeddings, { usage: { prompt_tokens: 7, total_tokens: 7 } });
    expect(reading?.usage).toMatchObject({ inputTokens: 7, outputTokens: 0 });
  });

  it.each([
    ['missing', undefined],
    ['null', null],
    ['a list', []],
    ['a string', '5'],
    ['empty', {}],
  ])('readUsage returns undefined when usage is %s', (_, usage) => {
    expect(readUsage(chat, { usage })).toBeUndefined();
    expect(readAnswer(chat, bytes({ usage }))).toBeUndefined();
  });

  it('readUsage names the rules by which a contradictory usage was read', () => {
    const usage = { ...chatUsage, total_tokens: 200 };
    expect(readUsage(chat, { usage })).toMatchObject({
      usage: { outputTokens: 100 },
      doubts: ['total_above_parts'],
    });
  });
});

describe('readAnswer', () => {
  it.each(['', '<html>', '[1]', 'null', '"x"', '5', '{"usage":', '{}{}'])(
    'readAnswer returns "invalid" for %j',
    (text) => {
      expect(readAnswer(chat, Buffer.from(text))).toBe('invalid');
    },
  );

  it('readAnswer finds the usage of a large response at its start and at its end', () => {
    const text = 'x'.repeat(400_000);
    const first = { usage: chatUsage, choices: [{ message: { content: text } }] };
    const last = {
      choices: [{ message: { content: text } }],
      usage: chatUsage,
      service_tier: 'default',
    };
    for (const answer of [first, last]) {
      expect(readAnswer(chat, bytes(answer))).toMatchObject({ usage: { inputTokens: 100 } });
    }
  });

  it('readAnswer ignores a usage in the model’s text or in a nested object', () => {
    const forged = { prompt_tokens: 1, completion_tokens: 1 };
    const content = `{"usage":${JSON.stringify(forged)}}`;
    const nested = { content, usage: forged, x: { usage: forged } };
    const answer = { usage: chatUsage, pad: 'x'.repeat(400_000), choices: [{ message: nested }] };
    expect(readAnswer(chat, bytes(answer))).toMatchObject({ usage: { inputTokens: 100 } });
    const braces = { usage: chatUsage, pad: 'x'.repeat(400_000), x: { usage: forged } };
    expect(readAnswer(chat, bytes(braces))).toMatchObject({ usage: { inputTokens: 100 } });
    const { usage: _, ...without } = answer;
    expect(readAnswer(chat, bytes(without))).toBeUndefined();
  });

  it('readAnswer returns "invalid" for a large response that was cut', () => {
    const cut = bytes({ choices: 'x'.repeat(400_000), usage: chatUsage }).subarray(0, -3);
    expect(readAnswer(chat, cut)).toBe('invalid');
  });
});
