/**
 * The tokenizer of the fake: every four characters are one token, in input and output. Four code points
 * are at least four UTF-8 bytes, so a text never has more tokens than bytes. That is the only property of
 * real byte-level tokenizers that a caller can rely on.
 */
const CHARACTERS_PER_TOKEN = 4;

const TOKEN = /.{1,4}/gsu;

const WORDS = 'the sun may run far and yet its sea can dry out for one who saw how few ask why';

const WORD_TOKENS = WORDS.split(' ').map((word) => `${word} `);

/** Splits a text into its tokens. Joined, they are the text again. */
export function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** Counts the tokens of `tokensOf` without building them. */
export function countTokens(text: string): number {
  let characters = text.length;
  for (let index = 0; index < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xdc00) characters--;
  }
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** Counts the tokens of all strings inside a parsed JSON value, except its keys. */
export function countTokensDeep(value: unknown): number {
  if (typeof value === 'string') return countTokens(value);
  if (typeof value !== 'object' || value === null) return 0;
  let tokens = 0;
  for (const inner of Object.values(value)) tokens += countTokensDeep(inner);
  return tokens;
}

const IMAGE_URL = /^(?:data:image\/|https:)/;

/** Returns the addresses of all images inside a parsed JSON value. */
export function imagesIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') {
    return (key === 'image_url' || key === 'url') && IMAGE_URL.test(value) ? [value] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => imagesIn(inner, name));
}

/** A 32-bit FNV-1a hash, the only source of variety, so that the same prompt gets the same answer. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Makes exactly `count` tokens of harmless words, always the same for the same seed. */
export function wordTokens(seed: number, count: number): string[] {
  const tokens = Array.from({ length: count }, (_, index) => wordAt(seed + index * 7));
  if (count > 0) tokens[count - 1] = `${wordAt(seed + count).trim()}.`;
  return tokens;
}

function wordAt(index: number): string {
  return WORD_TOKENS[index % WORD_TOKENS.length] ?? '';
}

interface Prompt {
  readonly text: string;
  readonly tokens: number;
}

/** Parses `string | string[] | number[] | number[][]`, the input of completions and embeddings. */
export function promptsOf(value: unknown): Prompt[] {
  if (typeof value === 'string') return [{ text: value, tokens: countTokens(value) }];
  if (!Array.isArray(value)) return [];
  if (value.every((token) => typeof token === 'number')) {
    return [{ text: value.join(), tokens: value.length }];
  }
  return value.flatMap(promptsOf);
}
