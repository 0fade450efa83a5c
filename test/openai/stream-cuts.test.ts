import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, FrameSplitter, parseFrame } from '../../src/openai/answer/sse-frames.ts';
import { chat, cutAt, injected, responses, run, summary, typed } from './streams.ts';

const withEnds = (text: string, end: string) => text.replaceAll('\n', end);
const lineEnds = [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
] as const;
const streams = [
  ['chat', chat, injected, false],
  ['chat with hidden usage', chat, injected, true],
  ['responses', responses, typed, false],
] as const;

describe('A stream that is cut anywhere', () => {
  for (const [lines, end] of lineEnds) {
    for (const [name, endpoint, text, hide] of streams) {
      it(`A single cut anywhere changes neither bytes nor reading: ${name}, ${lines}`, () => {
        const bytes = Buffer.from(withEnds(text, end));
        const expected = summary(run(endpoint, [bytes], hide));
        expect(expected.reading?.usage).toMatchObject({
          inputTokens: 7,
          outputTokens: 5,
          cachedInputTokens: 3,
        });
        expect(expected.terminal).toBe(true);
        for (let cut = 0; cut <= bytes.length; cut++) {
          expect(summary(run(endpoint, cutAt(bytes, [cut]), hide))).toEqual(expected);
        }
      });

      it(`Any number of cuts changes neither bytes nor reading: ${name}, ${lines}`, () => {
        const bytes = Buffer.from(withEnds(text, end));
        const expected = summary(run(endpoint, [bytes], hide));
        const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
        expect(summary(run(endpoint, single, hide))).toEqual(expected);
        fc.assert(
          fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (cuts) => {
            expect(summary(run(endpoint, cutAt(bytes, cuts), hide))).toEqual(expected);
          }),
          { numRuns: 100 },
        );
      });
    }
  }

  it('The frames equal those of eventsource-parser for any text, line ends and cuts', () => {
    const line = fc.constantFrom(
      'data: {"a":1}',
      'data:x',
      'data',
      'data: é🌍',
      ': comment',
      'event: error',
      'event:y',
      'id: 5',
      'retry: 1',
      'data:  two spaces',
      'other: x',
      'dataset: x',
      '',
    );
    const text = fc
      .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 20 })
      .map((lines) => lines.map((parts) => parts.join('')).join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 8 }), (stream, cuts) => {
        // A following line decides what a final CR was.
        const bytes = Buffer.from(`${stream}: end`);
        const theirs: Frame[] = [];
        const parser = createParser({
          onEvent: ({ event = '', data }) => theirs.push({ event, data }),
        });
        parser.feed(bytes.toString());
        const ours: Frame[] = [];
        const splitter = new FrameSplitter();
        const sink = {
          frame: (frame: string) => {
            const parsed = parseFrame(Buffer.from(frame, 'latin1').toString());
            if (/^data(:|\r|\n)/m.test(frame)) ours.push(parsed);
          },
          loose: () => {},
          looseEnd: () => {},
        };
        for (const piece of cutAt(
          bytes,
          cuts.filter((cut) => cut < bytes.length),
        )) {
          splitter.push(
            piece.toString().length === 0 ? '' : Buffer.from(piece).toString('latin1'),
            sink,
          );
        }
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 2_000 },
    );
  });
});
