const WORDS_LENGTH_MAX = 500;
const TITLE = /<title[^>]*>([^<]{1,500})<\/title>/i;

/**
 * Returns what a refusal says that has no error in a known form: the text itself, or the title of a page.
 * `undefined`: nothing that a person would read.
 */
export function plainWords(text: string): string | undefined {
  const trimmed = text.trim();
  const words = trimmed.startsWith('<') ? TITLE.exec(trimmed)?.[1] : trimmed;
  if (words === undefined || words === '' || /^[[{"]/.test(words)) return undefined;
  return words.replace(/\s+/g, ' ').trim().slice(0, WORDS_LENGTH_MAX);
}
