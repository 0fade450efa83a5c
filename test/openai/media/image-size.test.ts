import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Base64Bytes, isBase64 } from '../../../src/openai/media/base64.ts';
import { imageSize } from '../../../src/openai/media/image-size.ts';
import {
  gif,
  jpeg,
  jpegHidden,
  jpegOfTwo,
  png,
  webpExtended,
  webpLossless,
  webpLossy,
} from './images.ts';

const sizeOf = (bytes: Uint8Array) =>
  imageSize(new Base64Bytes(`x,${Buffer.from(bytes).toString('base64')}`, 2));

const makers = { png, gif, webpLossy, webpLossless, webpExtended, jpeg };

describe('The size of an image', () => {
  it.each(Object.entries(makers))('The size of a %s is read from its header', (_, make) => {
    for (const [width, height] of [
      [1, 1],
      [640, 480],
      [1_023, 16_000],
    ] as const) {
      expect(sizeOf(make(width, height))).toEqual({ width, height });
    }
  });

  it('The larger size counts where a file states two', () => {
    const large = { width: 8_000, height: 6_000 };
    expect(sizeOf(gif(1, 1, [1_000, 1_000, 7_000, 5_000]))).toEqual(large);
    expect(sizeOf(webpExtended(1, 1, [8_000, 6_000]))).toEqual(large);
    expect(sizeOf(webpExtended(8_000, 6_000, [1, 1]))).toEqual(large);
    expect(sizeOf(jpegOfTwo(8_000, 6_000))).toEqual(large);
    expect(sizeOf(jpegHidden(8_000, 6_000))).toEqual(large);
  });

  it('A header that is cut off, unknown or not plausible has no size', () => {
    const cut = Object.values(makers).map((make) => make(640, 480).subarray(0, 29));
    const jpegs = [jpeg(640, 480).subarray(0, 60_000), jpeg(640, 480, 64), jpeg(640, 0)];
    const sides = [png(0, 5), png(5, 0), png(100_001, 5), png(5, 2 ** 31), png(2 ** 32 - 1, 1)];
    const others = [Buffer.alloc(100), Buffer.from('BM'.padEnd(100)), Buffer.alloc(0)];
    for (const bytes of [...cut, ...jpegs, ...sides, ...others]) {
      expect(sizeOf(bytes)).toBeUndefined();
    }
  });

  it('No header makes the reader throw or return an implausible size, in 100,000 of them', () => {
    const whole = Object.values(makers).map((make) => make(1_000, 700).subarray(0, 600));
    const change = fc.tuple(fc.nat({ max: 599 }), fc.nat({ max: 255 }));
    const changes = fc.array(change, { minLength: 1, maxLength: 6 });
    const header = fc.tuple(fc.constantFrom(...whole), changes, fc.nat({ max: 600 }));
    const property = fc.property(header, ([bytes, changed, length]) => {
      const mutated = Buffer.from(bytes);
      for (const [at, byte] of changed) mutated[at % mutated.length] = byte;
      const size = sizeOf(mutated.subarray(0, Math.max(length, 24)));
      const sides = size === undefined ? [1] : [size.width, size.height];
      return sides.every((side) => side >= 1 && side <= 100_000);
    });
    fc.assert(property, { numRuns: 100_000 });
  });

  it('Only what the header needs is decoded, however large the file is', () => {
    const file = new Base64Bytes(Buffer.alloc(3_000_000, 0xff).toString('base64'), 0);
    let decoded = 0;
    const spied = Object.assign(Object.create(Base64Bytes.prototype), {
      read: (at: number, count: number) => {
        decoded += count;
        return file.read(at, count);
      },
    });
    expect(imageSize(spied)).toBeUndefined();
    expect(decoded).toBeLessThan(1_000);
  });
});

describe('Base64', () => {
  it('Any part of a base64 text is decoded as the whole would be', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(70),
      fc.nat(70),
      (...args) => {
        const [bytes, at, count] = args;
        const text = `x,${Buffer.from(bytes).toString('base64')}`;
        expect(isBase64(text, 2)).toBe(true);
        const part = new Base64Bytes(text, 2).read(at, count);
        expect([...part]).toEqual([...bytes.subarray(at, at + count)]);
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });

  it('A text is base64 exactly if its characters are', () => {
    const character = fc.constantFrom('A', '/', '+', '=', '-', '_', ' ', '%', '\n', 'é', 'Ł', '🙂');
    const runs = fc.tuple(fc.nat(3), fc.array(character, { maxLength: 6 }), fc.nat(3));
    const property = fc.property(runs, ([before, characters, after]) => {
      const text = 'AAAA'.repeat(before) + characters.join('') + 'AAAA'.repeat(after);
      const isWritten = /^[A-Za-z0-9+/]*={0,2}$/.test(text);
      const isWhole = text.replace(/=+$/, '').length % 4 !== 1;
      expect([text, isBase64(text, 0)]).toEqual([text, isWritten && isWhole]);
    });
    fc.assert(property, { numRuns: 5_000 });
    const long = 'AAAA'.repeat(40_000);
    expect([isBase64(long, 0), isBase64(`${long}%${long}`, 0)]).toEqual([true, false]);
  });

  it.each(['A===', 'AA=A', 'AA A', 'AA\n', 'AA-_', '%%%', '=A'])('%j is not base64', (text) => {
    expect(isBase64(text, 0)).toBe(false);
  });
});
