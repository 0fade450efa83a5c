import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { FrameSplitter } from '../../src/openai/answer/sse-frames.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MB = 1024 * 1024;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('A frame that arrives in small pieces', () => {
  it.each([1, 2, 5, 1_000])(
    'A frame of 1 MB in pieces of %i bytes is held in little more than its size',
    (bytes) => {
      const frames: string[] = [];
      const sink = { frame: (frame: string) => void frames.push(frame), loose: () => {} };
      const splitter = new FrameSplitter();
      const text = Buffer.alloc(bytes, 'x');
      const before = heapBytes();
      const pieces = Math.floor((MB - 10) / bytes);
      for (let sent = 0; sent < pieces; sent += 1) splitter.push(text.toString('latin1'), sink);
      expect(heapBytes() - before).toBeLessThan(4 * MB);
      splitter.push('\n\n', sink);
      expect(frames).toEqual([`${'x'.repeat(pieces * bytes)}\n\n`]);
    },
  );
});
