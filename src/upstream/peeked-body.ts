import { ByteBuffer } from '../base/byte-buffer.ts';
import type { Soon } from '../base/deadline.ts';
import type { ByteSink, ByteSource } from '../core/response.ts';

const PEEK_MS_MAX = 1_000;
const HELD_BYTES_MAX = 64 * 1024;

/**
 * Reads the beginning of a stream before anything of it is passed on, and passes it on from its first byte.
 * Nearly always the beginning came with the headers, so that `peek` returns at once.
 */
export class PeekedBody<Found> implements ByteSource, ByteSink {
  readonly #body: ByteSource;
  readonly #look: (text: string, hasEnded: boolean) => Found | undefined;
  #held: ByteBuffer | undefined;
  #text = '';
  #found: Found | undefined;
  #isPeeking = true;
  #ended: 'whole' | 'broken' | undefined;
  #sink: ByteSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolve: ((found: Found | undefined) => void) | undefined;

  /** `look` gets the bytes so far as `latin1`, and returns what they are, or `undefined` for more. */
  constructor(body: ByteSource, look: (text: string, hasEnded: boolean) => Found | undefined) {
    this.#body = body;
    this.#look = look;
  }

  /** Returns what was found; `undefined` if the stream is silent for a second or breaks off. */
  peek(): Soon<Found | undefined> {
    this.#body.start(this);
    if (!this.#isPeeking) return this.#found;
    this.#timer = setTimeout(() => this.#decide(undefined), PEEK_MS_MAX);
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  start(sink: ByteSink): void {
    const held = this.#held?.join();
    const open = held === undefined || held.byteLength === 0 || sink.write(held);
    const paused = (held?.byteLength ?? 0) >= HELD_BYTES_MAX;
    this.#held = undefined;
    this.#sink = sink;
    if (this.#ended === 'whole') sink.end();
    else if (this.#ended === 'broken') sink.fail();
    else if (open && paused) this.#body.resume();
  }

  resume(): void {
    this.#body.resume();
  }

  cancel(): void {
    this.#body.cancel();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#held ??= new ByteBuffer();
    this.#held.add(chunk);
    if (this.#isPeeking) this.#read(chunk);
    return this.#held.size < HELD_BYTES_MAX;
  }

  end(): void {
    if (this.#sink !== undefined) return this.#sink.end();
    this.#ended = 'whole';
    if (this.#isPeeking) this.#decide(this.#look(this.#text, true));
  }

  fail(): void {
    if (this.#sink !== undefined) return this.#sink.fail();
    this.#ended = 'broken';
    this.#decide(undefined);
  }

  #read(chunk: Uint8Array): void {
    this.#text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const found = this.#look(this.#text, false);
    if (found !== undefined) this.#decide(found);
  }

  #decide(found: Found | undefined): void {
    this.#isPeeking = false;
    this.#found = found;
    this.#text = '';
    clearTimeout(this.#timer);
    this.#resolve?.(found);
  }
}
