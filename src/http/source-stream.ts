import { Readable } from 'node:stream';
import type { ByteSource } from '../core/response.ts';

/** A source as a stream of Node, for hosts that send streams themselves. */
export class SourceStream extends Readable {
  readonly #source: ByteSource;
  #started = false;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _read(): void {
    if (this.#started) return this.#source.resume();
    this.#started = true;
    this.#source.start({
      write: (chunk) => this.push(chunk),
      end: () => void this.push(null),
      fail: () => void this.destroy(new Error('The stream broke off.')),
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.readableEnded) this.#source.cancel();
    done(error);
  }
}
