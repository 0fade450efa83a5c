import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ByteBuffer } from '../../src/base/byte-buffer.ts';

const SLACK_BYTES = 64 * 1024;

/** How many bytes a buffer allocates until all chunks are in it. */
function allocatedFor(chunks: Iterable<Uint8Array>, expectedBytes?: number): number {
  const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
  try {
    const buffer = new ByteBuffer(expectedBytes);
    for (const chunk of chunks) buffer.add(chunk);
    return allocate.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0);
  } finally {
    allocate.mockRestore();
  }
}

describe('ByteBuffer', () => {
  it('ByteBuffer returns the bytes as they came, in any chunking and with any expectation', () => {
    const sizes = fc.array(fc.oneof(fc.nat(5), fc.nat(100_000)), { maxLength: 30 });
    fc.assert(
      fc.property(sizes, fc.option(fc.nat(500_000), { nil: undefined }), (lengths, expected) => {
        const buffer = new ByteBuffer(expected);
        const chunks = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        for (const chunk of chunks) buffer.add(chunk);
        expect(buffer.size).toBe(lengths.reduce((sum, length) => sum + length, 0));
        expect(Buffer.compare(buffer.join(), Buffer.concat(chunks))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['one byte', 1],
    ['sixteen bytes', 16],
    ['1,000 bytes', 1_000],
    ['64 kB and one byte', SLACK_BYTES + 1],
  ])('ByteBuffer holds at most 64 kB more than the bytes in chunks of %s', (_, bytes) => {
    for (const total of [2, 5_000, 300_000]) {
      const chunks = Array.from({ length: Math.ceil(total / bytes) }, () => Buffer.alloc(bytes));
      for (const expected of [undefined, total, total * 9]) {
        const held = allocatedFor(chunks, expected);
        expect(held).toBeLessThanOrEqual(chunks.length * bytes + SLACK_BYTES);
      }
    }
  });

  it('ByteBuffer copies a chunk only if another one follows', () => {
    const chunk = Buffer.from('x');
    const buffer = new ByteBuffer();
    buffer.add(chunk);
    expect(buffer.join()).toBe(chunk);
    expect(new ByteBuffer().join()).toHaveLength(0);
  });
});
