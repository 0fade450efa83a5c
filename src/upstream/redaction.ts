import { inspect } from 'node:util';
import { withoutAccounts } from '../core/redact-text.ts';
import { UpstreamError } from './transport.ts';

const EVERYTHING = { depth: 10, maxArrayLength: 10_000, maxStringLength: 1_000_000 };
const REDACTED = '[redacted]';
/** A shorter key is searched as it is: its other forms would be found in ordinary words. */
const FORMS_LENGTH_MIN = 8;

/** A shorter key may be an ordinary word of an answer. Those of OpenAI are longer than 40. */
const MASKED_LENGTH_MIN = 20;
const MASK = 0x2a;

/** Removes one key from texts of an upstream, in every form in which it may repeat it. The empty key is none. */
export class Redaction {
  readonly #key: string;
  readonly #bytes: Buffer | undefined;
  #forms: RegExp | undefined;

  constructor(key: string) {
    this.#key = key;
    this.#bytes = key.length < MASKED_LENGTH_MIN ? undefined : Buffer.from(key, 'latin1');
  }

  /** Removes the key, and what names a key or an account of OpenAI. For errors only. */
  error(text: string): string {
    return withoutAccounts(this.key(text));
  }

  /** Removes the key. */
  key(text: string): string {
    if (this.#key === '') return text;
    this.#forms ??= formsOf(this.#key);
    return text.replace(this.#forms, REDACTED);
  }

  /** Returns bytes of an answer with the key masked; the same object where it is not, as nearly always. */
  answer(chunk: Uint8Array): Uint8Array {
    if (this.#bytes === undefined) return chunk;
    const buffer = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const at = buffer.indexOf(this.#bytes);
    return at < 0 ? chunk : masked(Buffer.from(buffer), this.#bytes, at);
  }

  /** No form is shorter than the key. */
  has(text: string): boolean {
    return text.length >= this.#key.length && this.key(text) !== text;
  }

  /** Returns an error of an upstream for the operator, without its cause if the key is anywhere in it. */
  failure(error: UpstreamError): UpstreamError {
    if (!this.has(inspect(error, EVERYTHING))) return error;
    const { sent, timedOut, fault } = error;
    const cause =
      error.cause instanceof Error ? new Error(this.error(error.cause.message)) : undefined;
    return new UpstreamError(this.error(error.message), { sent, timedOut, fault, cause });
  }
}

function masked(copy: Buffer, key: Buffer, first: number): Buffer {
  for (let at = first; at >= 0; at = copy.indexOf(key, at))
    copy.fill(MASK, at, at + key.byteLength);
  return copy;
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function formsOf(key: string): RegExp {
  if (key.length < FORMS_LENGTH_MIN) return new RegExp(literal(key), 'g');
  const bytes = Buffer.from(key, 'latin1');
  const spaced = [...key].map(literal).join('(?:\\s|%20|\\u200b)*');
  const percent = [...bytes].map((byte) => `%${hex(byte)}`).join('');
  const forms = [spaced, ...base64Forms(bytes), bytes.toString('hex'), percent];
  const encoded = encodeURIComponent(key);
  if (encoded !== key) forms.push(literal(encoded));
  return new RegExp(forms.join('|'), 'gi');
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

/** The key in base64 and base64url, wherever in the encoded bytes it stands. */
function base64Forms(key: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), key]).toString('base64');
    const from = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + key.length) * 8) / 6);
    return text.slice(from, end).replaceAll('+', '[+-]').replaceAll('/', '[/_]');
  });
}
