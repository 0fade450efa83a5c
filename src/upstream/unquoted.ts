const QUOTE = '[…]';
/** Shorter texts are ordinary words, which a message may have for other reasons. */
const TEXT_LENGTH_MIN = 8;
const WINDOW_LENGTH = 16;
const DEPTH_MAX = 20;
/** What is compared of one request. Of a larger one, no message is shown. */
const TEXTS_MAX = 5_000;
const CHARACTERS_MAX = 2_000_000;
/** Hosts repeat how a text begins. */
const TEXT_LENGTH_MAX = 100_000;

/** Fields whose values are settings, not words of a user. A message may name them. */
const SETTINGS: ReadonlySet<string> = new Set([
  'model',
  'role',
  'type',
  'object',
  'status',
  'detail',
  'format',
  'effort',
  'reasoning_effort',
  'verbosity',
  'service_tier',
  'voice',
  'safety_identifier',
  'prompt_cache_key',
  'user',
]);

/**
 * Returns a short message of a host without what it repeats of a request: values of 8 characters or more, and
 * parts of longer ones from 31 characters on. Names of fields, models and settings stay.
 */
export function unquoted(message: string, body: unknown): string {
  let shown = message;
  let texts = 0;
  let characters = 0;
  for (const whole of wordsOf(body, DEPTH_MAX)) {
    const text = whole.slice(0, TEXT_LENGTH_MAX);
    texts += 1;
    characters += text.length;
    if (texts > TEXTS_MAX || characters > CHARACTERS_MAX) return QUOTE;
    if (text.length <= shown.length) shown = shown.replaceAll(text, QUOTE);
    if (hasPartOf(shown, text)) return QUOTE;
  }
  return shown;
}

/** Every shared part of 31 characters has a whole window. */
function hasPartOf(message: string, text: string): boolean {
  for (let at = 0; at + WINDOW_LENGTH <= message.length; at += WINDOW_LENGTH) {
    if (text.includes(message.slice(at, at + WINDOW_LENGTH))) return true;
  }
  return false;
}

function* wordsOf(value: unknown, depth: number): Generator<string> {
  if (typeof value === 'string') {
    if (value.length >= TEXT_LENGTH_MIN) yield value;
  } else if (typeof value === 'object' && value !== null && depth > 0) {
    for (const [name, inner] of Object.entries(value)) {
      if (!SETTINGS.has(name)) yield* wordsOf(inner, depth - 1);
    }
  }
}
