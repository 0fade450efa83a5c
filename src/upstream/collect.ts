import type { ByteSource } from '../exchange.ts';
import { UpstreamError } from './upstream.ts';

/** Reads a whole body of at most `bytesMax`; rejects with `UpstreamError` when it breaks or is longer. */
export function collect(source: ByteSource, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    source.start({
      write(chunk) {
        size += chunk.byteLength;
        if (size <= bytesMax) {
          chunks.push(chunk);
          return true;
        }
        source.cancel();
        reject(new UpstreamError('The answer is too large.', { sent: true }));
        return false;
      },
      end: () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)),
      fail: () => reject(new UpstreamError('The answer broke off.', { sent: true })),
    });
  });
}
