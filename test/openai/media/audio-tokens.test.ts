import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioTokensMost } from '../../../src/openai/media/audio-tokens.ts';
import { mp3Seconds } from '../../../src/openai/media/mp3-seconds.ts';
import { wavSeconds } from '../../../src/openai/media/wav-seconds.ts';
import { frame, frame8, frame128, frames, id3, wav, wavFormat } from './recordings.ts';

const SECOND = 32_000;
const FRAME_128 = 1_152 / 44_100;
const FRAME_8 = 576 / 8_000;

describe('The seconds of a WAV', () => {
  it('The bytes that are there count, whatever the header says of its length', () => {
    for (const stated of [10 * SECOND, 0, 1, SECOND, 0xffffffff]) {
      expect(wavSeconds(wav(10 * SECOND, [wavFormat()], stated))).toBe(10);
    }
  });

  it('Where the fields of a format disagree, the slowest rate counts', () => {
    for (const lie of [{ bytesPerSecond: 4e9 }, { block: 64 }, { bits: 64, block: 2 }]) {
      const format = wavFormat({ bytesPerSecond: SECOND, ...lie });
      expect(wavSeconds(wav(10 * SECOND, [format]))).toBeGreaterThanOrEqual(10);
    }
  });

  it.each([
    ['a rate of 4 GHz', [wavFormat({ hertz: 4_000_000_000, bytesPerSecond: 0xffffffff })]],
    ['1,000 channels', [wavFormat({ channels: 1_000 })]],
    ['samples of 2,000 bits', [wavFormat({ bits: 2_000 })]],
    ['a rate of 0', [wavFormat({ hertz: 0 })]],
    ['compressed samples', [wavFormat({ tag: 2 })]],
    ['an MP3 inside', [wavFormat({ tag: 0x55 })]],
    ['two formats', [wavFormat({ hertz: 192_000 }), wavFormat()]],
    ['no format', []],
  ])('A WAV with %s is not counted', (_, formats) => {
    expect(wavSeconds(wav(10 * SECOND, formats))).toBeUndefined();
  });
});

describe('The seconds of an MP3', () => {
  it('The frames that are there count, of any version and layer', () => {
    expect(mp3Seconds(frames(100, frame128))).toBeCloseTo(100 * FRAME_128, 6);
    expect(mp3Seconds(frames(100, frame8))).toBeCloseTo(100 * FRAME_8, 6);
    expect(mp3Seconds(frames(10, frame(1_044, 0xfd, 0xa4)))).toBeCloseTo(10 * (1_152 / 48_000), 1);
  });

  it('A tag before the frames does not count, and hides nothing that is behind its true end', () => {
    const cover = Buffer.alloc(5_000, 0x11);
    const plain = frames(50, frame128);
    expect(mp3Seconds(Buffer.concat([id3(cover), plain]))).toBeCloseTo(50 * FRAME_128, 6);
    const lying = Buffer.concat([id3(Buffer.concat([plain, plain]), plain.length), Buffer.of(0)]);
    expect(mp3Seconds(lying)).toBeCloseTo(100 * FRAME_128, 6);
  });

  it('Frames that are hidden inside of a longer one count', () => {
    const outer = Buffer.concat([
      Buffer.of(0xff, 0xfb, 0xe4, 0),
      frames(18, frame8),
      Buffer.alloc(20),
    ]);
    const file = frames(20, outer);
    expect(mp3Seconds(file)).toBeGreaterThanOrEqual(20 * 18 * FRAME_8 - 1e-6);
  });

  it('No decoder gets more out of a file than is counted, wherever it begins and what it skips', () => {
    const piece = fc.oneof(
      fc.constant(frame128),
      fc.constant(frame8),
      fc.constant(frame(13, 0xfb, 0x04)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    const heard = (part: Buffer) => (part === frame128 ? FRAME_128 : part === frame8 ? FRAME_8 : 0);
    const property = fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const file = Buffer.concat([frame128, ...pieces]);
      const truth = pieces.reduce((sum, part) => sum + heard(part), FRAME_128);
      return (mp3Seconds(file) ?? Number.NaN) >= truth - 1e-6;
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  it('A file that does not begin like an MP3 is not counted', () => {
    const plain = frames(50, frame128);
    const begins = ['OggS', 'fLaC', 'RIFF....WAVE', '\0\0\0 ftypM4A ', '\xff\xf1'];
    for (const head of begins) {
      expect(mp3Seconds(Buffer.concat([Buffer.from(head, 'latin1'), plain]))).toBeUndefined();
    }
    expect(mp3Seconds(Buffer.concat([id3(Buffer.alloc(9)), Buffer.from('OggS')]))).toBeUndefined();
    expect(mp3Seconds(id3(plain, 2 ** 27))).toBeUndefined();
    expect(mp3Seconds(Buffer.alloc(0))).toBeUndefined();
  });

  it('No bytes make a counter throw', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const head = [wav(64), id3(frame128), Buffer.alloc(0)];
      for (const start of head) {
        const file = Buffer.concat([start.subarray(0, bytes.length), Buffer.from(bytes)]);
        wavSeconds(file);
        mp3Seconds(file);
      }
    });
    fc.assert(property, { numRuns: 20_000 });
  });
});

describe('The tokens of a recording', () => {
  it('A recording needs one token for each 100 ms, and 16 more', () => {
    expect(audioTokensMost(wav(10 * SECOND), 'wav')).toBe(116);
    expect(audioTokensMost(frames(1_000, frame128), 'mp3')).toBe(
      Math.ceil(10_000 * FRAME_128) + 16,
    );
  });

  it('A recording in another format than it names is not counted', () => {
    expect(audioTokensMost(wav(10 * SECOND), 'mp3')).toBeUndefined();
    expect(audioTokensMost(frames(10, frame128), 'wav')).toBeUndefined();
  });
});
