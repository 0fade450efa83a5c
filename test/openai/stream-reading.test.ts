import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamMeter } from '../../src/openai/answer/stream-meter.ts';
import {
  chat,
  chunk,
  completions,
  data,
  event,
  injected,
  response,
  responses,
  responsesUsage,
  run,
  typed,
  usage,
  usageChunk,
  whole,
  words,
} from './streams.ts';

describe('The usage reading of a stream', () => {
  const frames = (...chunks: object[]) => run(chat, whole(chunks.map(data).join(''))).meter.reading;

  it('The reading has the largest count of each kind', () => {
    const earlier = { prompt_tokens: 1, completion_tokens: 9 };
    expect(frames(chunk({}, { usage: earlier }), usageChunk)?.usage).toMatchObject({
      inputTokens: 7,
      outputTokens: 9,
    });
    expect(frames(usageChunk, chunk({}, { usage: null }))?.usage.inputTokens).toBe(7);
    expect(frames(usageChunk, chunk({}, { usage: { prompt_tokens: -1 } }))?.usage.inputTokens).toBe(
      7,
    );
    const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    expect(frames(usageChunk, { ...usageChunk, usage: zeros })?.usage).toMatchObject({
      inputTokens: 7,
      outputTokens: 5,
    });
    expect(frames(chunk({ content: 'x' }, { usage }))?.usage.inputTokens).toBe(7);
    expect(frames(chunk({}))).toBeUndefined();
    expect(frames({ first_usage: null, ...usageChunk })?.usage.inputTokens).toBe(7);
  });

  it('A usage after [DONE] is read', () => {
    const { meter } = run(chat, whole(data('[DONE]') + data(usageChunk)));
    expect(meter.reading?.usage.inputTokens).toBe(7);
  });

  it.each(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled'])(
    'The usage in %s is read, and the event ends the stream',
    (type) => {
      const ending = { type, response: response({ usage: responsesUsage, service_tier: 'flex' }) };
      for (const text of [event(ending), data(ending)]) {
        const { meter } = run(responses, whole(text));
        expect(meter).toMatchObject({ terminal: true, failed: false });
        expect(meter.reading).toMatchObject({
          model: 'gpt-5',
          serviceTier: 'flex',
          usage: { outputTokens: 5 },
        });
      }
    },
  );

  it('The reading is undefined when the final event has no count', () => {
    for (const bad of [null, {}, { input_tokens: -1, output_tokens: '1' }]) {
      const { meter } = run(
        responses,
        whole(event({ type: 'response.completed', ...{ response: response({ usage: bad }) } })),
      );
      expect([meter.terminal, meter.reading]).toEqual([true, undefined]);
    }
  });

  it('A usage or an event name in the model’s text is not read', () => {
    const forged = JSON.stringify({ usage: { prompt_tokens: 1, completion_tokens: 1 }, error: {} });
    expect(run(chat, whole(data(chunk({ content: forged })))).meter).toMatchObject({
      reading: undefined,
      failed: false,
    });
    const delta = 'response.completed';
    const { meter } = run(
      responses,
      whole(event({ type: 'response.output_text.delta', ...{ delta } })),
    );
    expect(meter.terminal).toBe(false);
  });
});

describe('A usage is final only where the wire says so', () => {
  const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const word = (content: string, more: object = {}) => data(chunk({ content }, more));
  const end = (index = 0) => ({ choices: [{ index, delta: {}, finish_reason: 'stop' }] });
  const done = data('[DONE]');
  const isFinal = (text: string, choices = 1) => {
    const meter = streamMeter(chat, { hideUsage: false, choices });
    meter.push(Buffer.from(text));
    return meter.readingIsFinal;
  };

  it.each([
    ['in a chunk without choices', word('a') + data(usageChunk), 1],
    ['with the finish', word('a') + data(chunk({}, { ...end(), usage })), 1],
    ['after the finish', data(chunk({}, end())) + data(chunk({}, { usage })), 1],
    ['after both finishes', data(chunk({}, end(1))) + data(chunk({}, { ...end(0), usage })), 2],
    ['of running totals before [DONE]', word('a', { usage }) + word('b', { usage }) + done, 1],
    ['after [DONE]', done + data(usageChunk), 1],
    ['of zeros before [DONE]', data({ ...usageChunk, usage: zeros }) + done, 1],
  ])('A usage is final %s', (_, text, choices) => {
    expect(isFinal(text, choices)).toBe(true);
  });

  it.each([
    ['in a chunk with text', word('a', { usage }), 1],
    ['before more text', word('a', { usage }) + word('b') + word('c'), 1],
    ['before more text and [DONE]', word('a', { usage }) + word('b') + done, 1],
    ['in a first chunk without choices', data(usageChunk) + word('a'), 1],
    ['with the first of two finishes', data(chunk({}, { ...end(), usage })), 2],
    ['of zeros with the finish', data(chunk({}, { ...end(), usage: zeros })), 1],
    ['without an output', data({ ...usageChunk, usage: { prompt_tokens: 7 } }) + done, 1],
  ])('A usage is not final %s', (_, text, choices) => {
    expect(isFinal(text, choices)).toBe(false);
  });

  it('A usage of the Responses API is final in the last event only', () => {
    const at = (type: string) =>
      event({ type, ...{ response: response({ usage: responsesUsage }) } });
    const early = run(responses, whole(at('response.in_progress'))).meter;
    expect([early.reading?.usage.outputTokens, early.readingIsFinal]).toEqual([5, false]);
    const last = response({ usage: null });
    const without = event({ type: 'response.completed', ...{ response: last } });
    const { meter } = run(responses, whole(at('response.in_progress') + without));
    expect([meter.terminal, meter.readingIsFinal]).toEqual([true, false]);
    expect(run(responses, whole(at('response.completed'))).meter.readingIsFinal).toBe(true);
  });

  it('A stream that ends twice counts the larger of both usages and says so', () => {
    const ends = (output_tokens: number) => {
      const usage = { input_tokens: 7, output_tokens };
      return event({ type: 'response.completed', ...{ response: response({ usage }) } });
    };
    const { meter } = run(responses, whole(ends(12) + ends(9)));
    expect(meter.reading).toMatchObject({ usage: { outputTokens: 12 }, doubts: ['second_ending'] });
  });
});

describe('The end of a stream', () => {
  it('A stream has not ended until OpenAI ends it', () => {
    for (const [endpoint, text] of [
      [chat, injected],
      [responses, typed],
    ] as const) {
      const cut = text.lastIndexOf('\n\n', text.length - 3);
      expect(run(endpoint, whole(text.slice(0, cut + 2))).meter.terminal).toBe(false);
      expect(run(endpoint, whole(text)).meter.terminal).toBe(true);
    }
  });

  it('A stream may end without its blank line, as clients accept it', () => {
    expect(run(chat, whole('data: [DONE]')).meter.terminal).toBe(true);
    expect(run(chat, whole('data:[DONE]\n')).meter.terminal).toBe(true);
  });

  it.each([
    ['chat', chat, 'data: {"error":{"message":"x"}}\n\n'],
    ['chat, named', chat, 'event: error\ndata: {"message":"x"}\n\n'],
    ['responses', responses, 'event: error\ndata: {"type":"error","message":"x"}\n\n'],
    ['responses, unnamed', responses, 'data: {"type":"error","message":"x"}\n\n'],
    ['responses, wrapped', responses, 'data: {"error":{"message":"x"}}\n\n'],
  ] as const)('An error event ends the stream as failed: %s', (_, endpoint, text) => {
    expect(run(endpoint, whole(text)).meter).toMatchObject({ failed: true, terminal: true });
  });

  it('The frame boundary is reported exactly where a frame ends', () => {
    const meter = streamMeter(chat, { hideUsage: false });
    expect(meter.atFrameBoundary).toBe(true);
    meter.push(Buffer.from('data: {'));
    expect(meter.atFrameBoundary).toBe(false);
    meter.push(Buffer.from('}\n'));
    expect(meter.atFrameBoundary).toBe(false);
    meter.push(Buffer.from('\n'));
    expect(meter.atFrameBoundary).toBe(true);
  });
});

describe('The delivered text', () => {
  const written = (text: string) => JSON.stringify(text).length - 2;
  const escaped = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

  it('The delivered text counts all of the model’s text and nothing else', () => {
    const own = [...words, 'no', 'f', '{"a":', '"x"}'];
    const bytes = own.reduce((sum, text) => sum + escaped(text), 0);
    expect(run(chat, whole(injected)).meter.deliveredTextBytes).toBe(bytes);
    const spoken = [...words, 'f'].reduce((sum, text) => sum + escaped(text), 0);
    expect(run(responses, whole(typed)).meter.deliveredTextBytes).toBe(spoken);
  });

  it('The counted bytes are never fewer than the bytes of the text, whatever the JSON style', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.constantFrom(undefined, 1),
        (texts, indent) => {
          const line = (json: object) =>
            `data: ${JSON.stringify(json, null, indent).replaceAll('\n', ' ')}\n\n`;
          const bytes = Buffer.byteLength(texts.join(''));
          const streams = [
            [chat, texts.map((content) => line(chunk({ content })))],
            [
              completions,
              texts.map((text) => line({ choices: [{ text, index: 0, logprobs: null }] })),
            ],
            [responses, texts.map((delta) => line({ type: 'response.output_text.delta', delta }))],
          ] as const;
          for (const [endpoint, frames] of streams) {
            const { meter } = run(endpoint, whole(frames.join('')));
            expect(meter.deliveredTextBytes).toBeGreaterThanOrEqual(bytes);
          }
        },
      ),
    );
  });

  it('The part of a frame that was passed on before the stream broke is counted', () => {
    const meter = streamMeter(chat, { hideUsage: false, countsText: true });
    const text = data(chunk({ content: 'hello world' }));
    meter.push(Buffer.from(text.slice(0, text.indexOf(' world'))));
    expect(meter.deliveredTextBytes).toBe(written('hello'));
  });

  it('All choices are counted, and log probabilities are not', () => {
    const choice = (index: number) => ({
      index,
      delta: { content: 'abc' },
      logprobs: { content: [{ token: 'abc', bytes: [1], top_logprobs: [{ token: 'abd' }] }] },
      finish_reason: null,
    });
    const { meter } = run(chat, whole(data({ ...chunk({}), choices: [choice(0), choice(1)] })));
    expect(meter.deliveredTextBytes).toBe(6);
  });
});
