import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainChunkEnd, withoutNullUsage } from '../../src/openai/answer/plain-chunk.ts';
import { streamMeter } from '../../src/openai/answer/stream-meter.ts';
import {
  chat,
  chunk,
  data,
  direct,
  directObfuscated,
  injected,
  usage,
  usageChunk,
} from './streams.ts';

const isPlain = (text: string): boolean => plainChunkEnd(text) > 0;
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const shown = (text: string): string => {
  const bytes = Buffer.from(text);
  return withoutNullUsage(bytes, latin1(text), plainChunkEnd(latin1(text))).toString();
};

describe('A plain chunk', () => {
  it('A plain chunk is any piece of text in OpenAI’s form, and it is passed on without a null usage', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (content, obfuscates) => {
        const more = obfuscates ? { obfuscation: 'xyz' } : {};
        const asked = data(chunk({ content }, { usage: null, ...more }));
        const plain = data(chunk({ content }, more));
        expect(shown(asked)).toBe(plain);
        expect(shown(plain)).toBe(plain);
      }),
    );
  });

  const whole = data(chunk({ content: 'x' }, { usage: null }));
  it.each([
    ['the end of an answer', whole.replace('"finish_reason":null', '"finish_reason":"stop"')],
    ['a usage', data(chunk({ content: 'x' }, { usage }))],
    ['a chunk with the usage alone', data(usageChunk)],
    ['an error beside the choices', data(chunk({}, { error: { message: 'no' } }))],
    ['an error', data({ error: { message: 'no' } })],
    ['another field at the end', data(chunk({ content: 'x' }, { usage: null, more: 1 }))],
    ['a named event', `event: error\n${whole}`],
    ['two frames', whole + whole],
    ['half a frame', whole.slice(0, -1)],
    ['the rest of a frame', whole.slice(10)],
    ['a frame with another line', whole.replace(',"usage"', '\ndata: ,"usage"')],
    ['a frame with a carriage return', whole.replace('data: {"id":"', 'data: {"id":"\r')],
    ['a frame in another style', whole.replaceAll(':null', ': null')],
    ['the last frame', data('[DONE]')],
  ])('A plain chunk is never %s', (_, text) => expect(isPlain(text)).toBe(false));
});

describe('A stream of plain chunks', () => {
  const frames = (text: string) => text.split(/(?<=\n\n)/).map((frame) => Buffer.from(frame));

  it.each([
    ['with its usage hidden', injected, true, directObfuscated],
    ['with its usage shown', injected, false, injected],
    ['without usage', direct, true, direct],
  ])(
    'A stream %s has the same bytes and reading as when its text is counted',
    (_, text, hideUsage, expected) => {
      const read = (countsText: boolean) => {
        const meter = streamMeter(chat, { hideUsage, countsText });
        const passed = frames(text).map((frame) => meter.push(frame) ?? '');
        return { passed: passed.join(''), reading: meter.reading, terminal: meter.terminal };
      };
      expect(read(false)).toEqual(read(true));
      expect(read(false).passed).toBe(expected);
    },
  );
});
