import { ByteBuffer } from '../base/byte-buffer.ts';
import type { Soon } from '../base/deadline.ts';
import type { ByteSink, ByteSource } from '../core/response.ts';
import { UpstreamError } from './transport.ts';

/**
 * Reads a whole body of at most `bytesMax`. Rejects with `UpstreamError` when it breaks off or is longer. A
 * body that came whole with its headers, as most do, is returned at once.
 */
export function collect(source: ByteSource, bytesMax: number): Soon<Uint8Array> {
  const body = new Collected(source, bytesMax);
  source.start(body);
  return body.whole ?? body.promise();
}

class Collected implements ByteSink {
  whole: Uint8Array | undefined;
  readonly #source: ByteSource;
  readonly #bytesMax: number;
  readonly #bytes = new ByteBuffer();
  #error: UpstreamError | undefined;
  #resolve: ((bytes: Uint8Array) => void) | undefined;
  #reject: ((error: UpstreamError) => void) | undefined;

  constructor(source: ByteSource, bytesMax: number) {
    this.#source = source;
    this.#bytesMax = bytesMax;
  }

  promise(): Promise<Uint8Array> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  write(chunk: Uint8Array): boolean {
    if (this.#bytes.size + chunk.byteLength <= this.#bytesMax) {
      this.#bytes.add(chunk);
      return true;
    }
    this.#source.cancel();
    this.#fail('The answer is too large.');
    return false;
  }

  end(): void {
    this.whole = this.#bytes.join();
    this.#resolve?.(this.whole);
  }

  fail(): void {
    this.#fail('The answer broke off.');
  }

  #fail(message: string): void {
    this.#error ??= new UpstreamError(message, { sent: true, fault: 'cut' });
    this.#reject?.(this.#error);
  }
}
