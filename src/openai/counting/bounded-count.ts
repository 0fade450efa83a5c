/** One encoding of the tokenizer. */
export interface Tokenizer {
  /** Splits a text into pieces whose counts add up to the count of the text. */
  readonly splitPattern: RegExp;
  /** Counts exactly. Its time is quadratic in the length of a piece. */
  readonly countTokens: (text: string) => number;
}

/** A longer piece is counted in slices: tokenizers are quadratic in its length. */
const PIECE_BYTES_MAX = 96;
/** In UTF-16 units, at most 96 bytes. */
const SLICE_LENGTH = 32;
const REMEMBERED_MAX = 50_000;
/** How many pieces are counted between two looks at the clock. */
const PIECES_PER_LOOK = 256;

/**
 * Counts tokens in linear time and until a deadline. The count is never below that of the tokenizer: a
 * piece of at most 96 bytes is counted exactly; each slice of a longer one counts one token more, for the
 * merge that its cut prevents; and what is left at the deadline counts as its bytes.
 */
export class BoundedCount {
  readonly #tokenizer: Tokenizer;
  readonly #endMs: number;
  /** Dies with the count, so that no part of a prompt stays in memory. */
  readonly #remembered = new Map<string, number>();
  #pieces = 0;
  #isLate = false;

  /** `endMs` is a time of `performance.now()`. */
  constructor(tokenizer: Tokenizer, endMs: number) {
    this.#tokenizer = tokenizer;
    this.#endMs = endMs;
  }

  of(text: string): number {
    const pattern = new RegExp(this.#tokenizer.splitPattern.source, 'gu');
    let tokens = 0;
    while (!this.#looksLate()) {
      const [piece] = pattern.exec(text) ?? [];
      if (piece === undefined) return tokens;
      tokens += this.#ofPiece(piece);
    }
    return tokens + Buffer.byteLength(text.slice(pattern.lastIndex));
  }

  #ofPiece(piece: string): number {
    if (piece.length === 1 && piece.charCodeAt(0) < 0x80) return 1;
    const isLong = piece.length > PIECE_BYTES_MAX || Buffer.byteLength(piece) > PIECE_BYTES_MAX;
    return isLong ? this.#ofSlices(piece) : this.#exactly(piece);
  }

  #exactly(piece: string): number {
    const known = this.#remembered.get(piece);
    if (known !== undefined) return known;
    const tokens = this.#tokenizer.countTokens(piece);
    if (this.#remembered.size < REMEMBERED_MAX) this.#remembered.set(piece, tokens);
    return tokens;
  }

  #ofSlices(piece: string): number {
    let tokens = 0;
    let at = 0;
    while (at < piece.length && !this.#looksLate()) {
      const end = codePointBorder(piece, at + SLICE_LENGTH);
      tokens += this.#exactly(piece.slice(at, end)) + 1;
      at = end;
    }
    return tokens + Buffer.byteLength(piece.slice(at));
  }

  #looksLate(): boolean {
    this.#pieces += 1;
    if (this.#pieces % PIECES_PER_LOOK === 0) this.#isLate ||= performance.now() > this.#endMs;
    return this.#isLate;
  }
}

/** Moves past the second half of a surrogate pair. */
function codePointBorder(text: string, at: number): number {
  const half = text.charCodeAt(at);
  return half >= 0xdc00 && half <= 0xdfff ? at + 1 : at;
}
