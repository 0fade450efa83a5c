import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedCount } from '../../../src/openai/counting/bounded-count.ts';
import { countJson } from '../../../src/openai/counting/count-json.ts';
import { hardTexts, sequence, usualTexts } from './texts.ts';
import { NO_DEADLINE_MS, tokenizers } from './tokenizers.ts';

const { o200k_base: o200k, cl100k_base: cl100k } = tokenizers;
const both = Object.entries(tokenizers);
const texts = [...Object.entries(usualTexts), ...Object.entries(hardTexts)];

/** The scripts and marks of which long pieces are made: each is a range of code points. */
const RANGES: readonly (readonly [first: number, count: number])[] = [
  [0x61, 26],
  [0x41, 26],
  [0x30, 10],
  [0x21, 15],
  [0x20, 1],
  [0xe0, 32],
  [0x300, 112],
  [0x391, 25],
  [0x410, 64],
  [0x5d0, 27],
  [0x620, 42],
  [0x905, 53],
  [0xe01, 46],
  [0x3041, 86],
  [0x4e00, 20_000],
  [0xac00, 11_000],
  [0x1f300, 700],
  [0x1_0000, 0x4000],
];

function fuzzedPiece(pick: (below: number) => number): string {
  const [first, count] = RANGES[pick(RANGES.length)] ?? [0x61, 26];
  const variety = 1 + pick(Math.min(count, 40));
  const start = first + pick(count - variety + 1);
  const length = 1 + pick(pick(16) === 0 ? 300 : 80);
  const points = Array.from({ length }, () => start + pick(variety));
  return String.fromCodePoint(...points);
}

const boundOf = (text: string, tokenizer = o200k): number =>
  new BoundedCount(tokenizer, performance.now() + NO_DEADLINE_MS).of(text);

describe('The bounded count of a text', () => {
  it('is never below the tokenizer’s own count, for 10,000 fuzzed pieces of 18 scripts', () => {
    const pick = sequence(20_261_128);
    const below: string[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      const piece = fuzzedPiece(pick);
      const [name, tokenizer] = both[index % both.length] ?? ['o200k_base', o200k];
      if (boundOf(piece, tokenizer) < tokenizer.countTokens(piece)) below.push(`${name}: ${piece}`);
    }
    expect(below).toEqual([]);
  }, 120_000);

  it.each(texts)(
    'is at least the exact count and at most 1.3 × of usual texts: %s',
    (kind, make) => {
      const text = make(4_000);
      for (const [, tokenizer] of both) {
        const exact = tokenizer.countTokens(text);
        const bound = boundOf(text, tokenizer);
        expect(bound).toBeGreaterThanOrEqual(exact);
        if (kind in usualTexts) expect(bound).toBeLessThanOrEqual(exact * 1.3);
      }
    },
  );

  it('counts what is left at its deadline by its bytes', () => {
    const counted: string[] = [];
    const slow = {
      ...o200k,
      countTokens(text: string) {
        counted.push(text);
        return o200k.countTokens(text);
      },
    };
    const text = usualTexts['English']?.(50_000) ?? '';
    const late = new BoundedCount(slow, performance.now() - 1).of(text);
    const done = counted.join('').length;
    expect(counted.length).toBeLessThan(256);
    expect(late).toBeGreaterThan(text.length - 256 * 20);
    expect(late).toBeLessThanOrEqual(text.length);
    expect(done).toBeGreaterThan(0);
  });

  it('asks the tokenizer for at most 96 bytes at a time, so that its time stays linear', () => {
    let longest = 0;
    const watched = {
      ...o200k,
      countTokens(text: string) {
        longest = Math.max(longest, Buffer.byteLength(text));
        return o200k.countTokens(text);
      },
    };
    for (const [, make] of texts) boundOf(make(20_000), watched);
    expect(longest).toBeGreaterThan(32);
    expect(longest).toBeLessThanOrEqual(100);
  });
});

const bodyOf = (content: unknown) => ({
  model: 'gpt-5-mini',
  messages: [{ role: 'user', content }],
});

describe('The count of a body', () => {
  it('is at least the exact count of its JSON and of every text in it', () => {
    const property = fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), escapes)),
      fc.constantFrom(o200k, cl100k),
      (contents, tokenizer) => {
        const json = JSON.stringify(contents.map(bodyOf));
        const bound = countJson(json, tokenizer, NO_DEADLINE_MS);
        const written = tokenizer.countTokens(json);
        const read = contents.reduce((sum, text) => sum + tokenizer.countTokens(text), 0);
        // No text has more tokens than bytes.
        expect(bound + contents.length).toBeGreaterThanOrEqual(
          Math.min(Math.max(written, read), Buffer.byteLength(json)),
        );
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it.each([
    ['a tab before “imes”', '\times'],
    ['a line end before “abla”', '\nabla'],
    ['a return before “ho”', '\rho'],
    ['a form feed before “rac”', '\frac'],
    ['a quote', '"x'],
  ])('covers a text whose escapes read as fewer tokens: %s', (_, piece) => {
    const text = piece.repeat(1_000);
    for (const [, tokenizer] of both) {
      const bound = countJson(JSON.stringify(bodyOf(text)), tokenizer, NO_DEADLINE_MS);
      expect(bound).toBeGreaterThanOrEqual(tokenizer.countTokens(text));
    }
  });

  it('is never more than its bytes', () => {
    for (const [, make] of texts) {
      const json = JSON.stringify(bodyOf(make(2_000)));
      expect(countJson(json, o200k, 0)).toBeLessThanOrEqual(Buffer.byteLength(json));
      expect(countJson(json, o200k, NO_DEADLINE_MS)).toBeLessThanOrEqual(Buffer.byteLength(json));
    }
  });
});

const escapes = fc.string({
  unit: fc.constantFrom(
    '\t',
    '\n',
    '\r',
    '\f',
    '\b',
    '"',
    '\\',
    'imes',
    'abla',
    'ho',
    'rac',
    'u',
    ' ',
  ),
});
