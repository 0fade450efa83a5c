/** OpenAI's keys, session keys and the ids of accounts. The key in use may look different. */
const SECRETIVE = /\b(?:sk|ek|sess|org|proj)[-_][A-Za-z0-9_*.-]{6,}|\buser-[A-Za-z0-9]{16,}/g;
const REDACTED = '[redacted]';
/** A shorter key is searched as it is: its other forms would be found in ordinary words. */
const FORMS_LENGTH_MIN = 8;

/** Removes one key from texts of an upstream, in every form in which it may repeat it. */
export class Redaction {
  readonly #key: string;
  #forms: RegExp | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  /** Removes the key, and what names a key or an account of OpenAI. For errors only. */
  error(text: string): string {
    return this.key(text).replace(SECRETIVE, REDACTED);
  }

  /** Removes the key. */
  key(text: string): string {
    this.#forms ??= formsOf(this.#key);
    return text.replace(this.#forms, REDACTED);
  }

  has(text: string): boolean {
    return this.key(text) !== text;
  }
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
