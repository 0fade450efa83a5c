const notOfBase64 = /[^A-Za-z0-9+/]/g;

/** Returns whether a text is base64 from `start` to its end: no spaces, padding only at the end. */
export function isBase64(text: string, start: number): boolean {
  notOfBase64.lastIndex = start;
  const end = notOfBase64.exec(text)?.index ?? text.length;
  const padding = text.length - end;
  return padding === 0 || text.slice(end) === '='.repeat(Math.min(padding, 2));
}

/** Bytes that are written in base64 in the rest of a text. Only those that are asked for are decoded. */
export class Base64Bytes {
  readonly #text: string;
  readonly #start: number;

  /** The text must be base64 from `start` to its end. */
  constructor(text: string, start: number) {
    this.#text = text;
    this.#start = start;
  }

  /** Returns up to `count` bytes from `at`, fewer where the text ends. */
  read(at: number, count: number): Buffer {
    const group = Math.floor(at / 3);
    const from = this.#start + group * 4;
    const to = this.#start + Math.ceil((at + count) / 3) * 4;
    const skipped = at - group * 3;
    return Buffer.from(this.#text.slice(from, to), 'base64').subarray(skipped, skipped + count);
  }
}
