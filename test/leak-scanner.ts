/** The shortest piece of a secret that counts as a leak, in characters. */
const PIECE = 8;
const FILTER_BITS = 20;
/** Secrets beyond this number are found only by their shape. */
const WATCHED_MAX = 200;

/**
 * Finds every piece of at least 8 characters of the watched secrets: plain, base64,
 * percent-encoded.
 */
export class LeakScanner {
  readonly #names = new Map<string, string>();
  /**
   * The four bytes that a piece may begin with, so that bytes without a leak cost almost nothing.
   */
  readonly #filter = new Uint8Array(2 ** FILTER_BITS);
  readonly #watched = new Set<string>();

  watch(name: string, secret: string): void {
    if (this.#watched.has(secret) || this.#watched.size >= WATCHED_MAX) return;
    this.#watched.add(secret);
    for (const spelling of spellings(secret)) {
      for (let at = 0; at + PIECE <= spelling.length; at++) {
        const piece = spelling.slice(at, at + PIECE);
        this.#names.set(piece, name);
        this.#filter[slotOf(Buffer.from(piece).readInt32LE())] = 1;
      }
    }
  }

  /** Returns the name of the first secret that has a piece in `bytes`. */
  find(bytes: Buffer): string | undefined {
    for (let at = 0; at + PIECE <= bytes.length; at++) {
      if (this.#filter[slotOf(bytes.readInt32LE(at))] === 0) continue;
      const name = this.#names.get(bytes.toString('latin1', at, at + PIECE));
      if (name !== undefined) return name;
    }
    return undefined;
  }
}

const slotOf = (word: number) => Math.imul(word, 0x9e3779b1) >>> (32 - FILTER_BITS);

function spellings(secret: string): string[] {
  const base64 = [0, 1, 2].flatMap((offset) => [
    base64At(secret, offset, 'base64'),
    base64At(secret, offset, 'base64url'),
  ]);
  return [secret, encodeURIComponent(secret), ...base64];
}

/** The base64 characters that depend only on `secret` when `offset` other bytes come before it. */
function base64At(secret: string, offset: number, alphabet: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString(alphabet);
  return text.replace(/=+$/, '').slice(offset === 0 ? 0 : offset + 1, -1);
}
