import { describe, expect, it } from 'vitest';
import { streamMeter } from '../../src/openai/answer/stream-meter.ts';
import {
  chat,
  chunk,
  cutAt,
  data,
  direct,
  directObfuscated,
  event,
  injected,
  responses,
  run,
  typed,
  usage,
  whole,
} from './streams.ts';

describe('Bytes that pass through the stream meter', () => {
  it('The stream meter passes the same objects through when nothing is hidden', () => {
    for (const [endpoint, text] of [
      [chat, injected],
      [responses, typed],
    ] as const) {
      const meter = streamMeter(endpoint, { hideUsage: false });
      for (const piece of cutAt(Buffer.from(text), [10, 100, 333]))
        expect(meter.push(piece)).toBe(piece);
    }
    const meter = streamMeter(chat, { hideUsage: true });
    const [piece = new Uint8Array()] = whole(data(chunk({ content: 'x' })));
    expect(meter.push(piece)).toBe(piece);
  });

  it('The bytes equal those of a stream without a usage request', () => {
    expect(run(chat, whole(injected), true).passed).toBe(directObfuscated);
    const plain = injected.replaceAll(',"obfuscation":"xyz"', '');
    expect(run(chat, whole(plain), true).passed).toBe(direct);
    expect(run(chat, whole(direct), true).passed).toBe(direct);
  });

  it('The usage is removed also from JSON in another style', () => {
    const hidden = (text: string) => run(chat, whole(text), true).passed;
    expect(hidden('data: {"choices": [{}], "usage": null}\n\n')).toBe(
      'data: {"choices": [{}]}\n\n',
    );
    expect(hidden('data: {"usage":null,"choices":[{}]}\n\n')).toBe('data: {"choices":[{}]}\n\n');
    expect(hidden(`data: {"choices": [], "usage": {"prompt_tokens": 1}}\n\n`)).toBe('');
  });

  it('A usage in a chunk with content and a usage in the model’s text are kept', () => {
    for (const kept of [chunk({ content: 'x' }, { usage }), chunk({ content: ',"usage":null' })]) {
      expect(run(chat, whole(data(kept)), true).passed).toBe(data(kept));
    }
  });

  it('Bytes are held back only until their frame is complete', () => {
    const meter = streamMeter(chat, { hideUsage: true, countsText: true });
    const [first, rest] = cutAt(Buffer.from(data(chunk({ content: 'x' }, { usage: null }))), [30]);
    expect(meter.push(first ?? new Uint8Array())).toBeUndefined();
    expect(meter.atFrameBoundary).toBe(true);
    expect(meter.deliveredTextBytes).toBe(0);
    expect(meter.push(rest ?? new Uint8Array())?.toString()).toBe(data(chunk({ content: 'x' })));
    expect(meter.deliveredTextBytes).toBe(1);
  });

  it('Unknown events, fields and comments pass through', () => {
    const strange = [
      ': keep-alive\n\n',
      'id: 5\nretry: 10\n\n',
      'event: response.from.the.future\ndata: {"x":1}\n\n',
      'data: not json\n\n',
      'data: [1,2]\n\n',
      'data:\n\n',
      '\n\n\n',
      'garbage\n\n',
      'data: {"choices":"no list","usage":"no usage"}\n\n',
      'data: {"type":5}\n\n',
    ].join('');
    for (const endpoint of [chat, responses]) {
      for (const hide of [false, true]) {
        const { passed, meter } = run(endpoint, whole(strange), hide);
        expect(passed).toBe(strange);
        expect([meter.terminal, meter.failed, meter.reading]).toEqual([false, false, undefined]);
      }
    }
  });
});

describe('A line without an end', () => {
  it('An endless line passes through, with less than 1.5 MiB held back at any time', () => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (const hideUsage of [false, true]) {
      const meter = streamMeter(chat, { hideUsage, countsText: true });
      let pushed = 0;
      let passed = 0;
      for (let i = 0; i < 1_600; i++) {
        pushed += piece.length;
        passed += meter.push(piece)?.length ?? 0;
        expect(pushed - passed).toBeLessThan(1.5 * 1024 * 1024);
      }
      passed += meter.end()?.length ?? 0;
      expect(passed).toBe(pushed);
      expect(meter.deliveredTextBytes).toBe(pushed);
    }
  });

  it('An event after a very long line is still read', () => {
    const long = `data: {"x":"${'y'.repeat(2_000_000)}"}\n\n`;
    const pieces = cutAt(Buffer.from(long + injected), [500_000, 1_500_000, 1_999_999]);
    for (const hide of [false, true]) {
      const { meter, passed } = run(chat, pieces, hide);
      expect(meter.reading?.usage.inputTokens).toBe(7);
      expect(meter.terminal).toBe(true);
      expect(passed).toBe(long + (hide ? directObfuscated : injected));
    }
  });

  it('A very long final event still ends the stream', () => {
    const last = event({
      type: 'response.completed',
      ...{ response: { output: 'y'.repeat(2_000_000) } },
    });
    const { meter } = run(responses, cutAt(Buffer.from(last), [1_200_000]));
    expect([meter.terminal, meter.reading]).toEqual([true, undefined]);
  });
});
