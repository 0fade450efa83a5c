import { ByteBuffer } from '../base/byte-buffer.ts';
import type { Soon } from '../base/deadline.ts';
import type { ByteSink, ByteSource } from '../core/response.ts';
import { UpstreamError } from './transport.ts';

/**
 * Reads a whole body of at most `bytesMax`. A longer one is returned as a source that begins with what was
 * read, and goes on at the pace of its reader. Rejects with `UpstreamError` when the body breaks off
 * before. A body that came whole with its headers, as most do, is returned at once.
 */
export function collectOrPass(source: ByteSource, bytesMax: number): Soon<Uint8Array | ByteSource> {
  const body = new LongBody(source, bytesMax);
  source.start(body);
  return body.result ?? body.promise();
}

type Result = Uint8Array | ByteSource;

const cutOff = () => new UpstreamError('The answer broke off.', { sent: true, fault: 'cut' });

class LongBody implements ByteSink, ByteSource {
  /** The whole body, or this object for a longer one. */
  result: Result | undefined;
  readonly #source: ByteSource;
  readonly #bytesMax: number;
  #held = new ByteBuffer();
  #sink: ByteSink | undefined;
  #ended: 'whole' | 'broken' | undefined;
  #settle: ((result: Result | undefined) => void) | undefined;

  constructor(source: ByteSource, bytesMax: number) {
    this.#source = source;
    this.#bytesMax = bytesMax;
  }

  async promise(): Promise<Result> {
    const settled = new Promise<Result | undefined>((resolve) => {
      this.#settle = resolve;
    });
    const result = this.#ended === undefined ? await settled : this.result;
    if (result === undefined) throw cutOff();
    return result;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#held.add(chunk);
    if (this.#held.size <= this.#bytesMax) return true;
    this.#resolve(this);
    return false;
  }

  end(): void {
    this.#ended = 'whole';
    if (this.#sink !== undefined) return this.#sink.end();
    if (this.result === undefined) this.#resolve(this.#held.join());
  }

  fail(): void {
    this.#ended = 'broken';
    if (this.#sink !== undefined) this.#sink.fail();
    else if (this.result === undefined) this.#settle?.(undefined);
  }

  start(sink: ByteSink): void {
    const held = this.#held.join();
    this.#held = new ByteBuffer();
    this.#sink = sink;
    const open = sink.write(held);
    if (this.#ended === 'whole') sink.end();
    else if (this.#ended === 'broken') sink.fail();
    else if (open) this.resume();
  }

  resume(): void {
    this.#source.resume();
  }

  cancel(): void {
    this.#source.cancel();
  }

  #resolve(result: Result): void {
    this.result = result;
    this.#settle?.(result);
  }
}
