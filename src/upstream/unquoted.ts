const QUOTE = '[…]';
/** Shorter texts are ordinary words, which a message may have for other reasons. */
const TEXT_LENGTH_MIN = 8;
const WINDOW_LENGTH = 16;
const DEPTH_MAX = 20;

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
 * Returns a message of a host without what it repeats of a request: values of 8 characters or more, and
 * parts of longer ones from 31 characters on. Names of fields, models and settings stay.
 */
export function unquoted(message: string, body: unknown): string {
  let shown = message;
  for (const text of wordsOf(body, DEPTH_MAX)) {
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
