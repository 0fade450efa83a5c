const FIRST_BLOCK_BYTES = 4 * 1024;
const BLOCK_BYTES_MAX = 64 * 1024;
const NOTHING = new Uint8Array();

/**
 * Collects bytes that arrive in chunks. They are copied into blocks, because a chunk of one byte costs
 * hundreds of bytes, and keeps all that was read with it. So `n` bytes cost at most `n` and 64 kB while they
 * arrive, and `2n` while they are joined. A chunk that comes alone is kept as it is.
 */
export class ByteBuffer {
  #size = 0;
  /** The only chunk so far. */
  #only: Uint8Array | undefined;
  #blocks: Uint8Array[] = [];
  #block = NOTHING;
  #used = 0;
  /** The bytes of all blocks before the last one. */
  #filled = 0;
  readonly #expected: number;

  /** `expectedBytes`: how many will come, if that is known. A wrong number does no harm. */
  constructor(expectedBytes = 0) {
    this.#expected = expectedBytes;
  }

  /** The bytes so far. */
  get size(): number {
    return this.#size;
  }

  add(chunk: Uint8Array): void {
    const isFirst = this.#size === 0;
    this.#size += chunk.byteLength;
    if (isFirst) {
      this.#only = chunk;
      return;
    }
    if (this.#only !== undefined) this.#copy(this.#only);
    this.#only = undefined;
    this.#copy(chunk);
  }

  /** Returns all bytes as one piece. Nothing may be added after that. */
  join(): Uint8Array {
    const last = this.#only ?? this.#block.subarray(0, this.#used);
    return this.#blocks.length === 0 ? last : Buffer.concat([...this.#blocks, last]);
  }

  #copy(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.byteLength) {
      if (this.#used === this.#block.byteLength) this.#addBlock();
      const to = from + this.#block.byteLength - this.#used;
      const part = chunk.subarray(from, to);
      this.#block.set(part, this.#used);
      this.#used += part.byteLength;
      from = to;
    }
  }

  /** Each block is twice as large as the one before, unless it is known how much is left. */
  #addBlock(): void {
    const full = this.#block.byteLength;
    if (full > 0) this.#blocks.push(this.#block);
    this.#filled += full;
    const left = this.#expected - this.#filled;
    const bytes = left > 0 ? left : Math.max(FIRST_BLOCK_BYTES, 2 * full);
    this.#block = Buffer.allocUnsafeSlow(Math.min(bytes, BLOCK_BYTES_MAX));
    this.#used = 0;
  }
}
