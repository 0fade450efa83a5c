import { BoundedCount, type Tokenizer } from './bounded-count.ts';

/**
 * Returns at least the tokens of a request, whose body is this JSON. Most of it is counted as it stands. A
 * string with escapes counts as its text or as it is written, whichever is more: a model reads the text of
 * a message, and may read a schema as it is written. A tab and `imes` are two tokens, `\times` is one.
 */
export function countJson(json: string, tokenizer: Tokenizer, deadlineMs: number): number {
  const count = new BoundedCount(tokenizer, performance.now() + deadlineMs);
  const escaped: [text: string, written: string][] = [];
  const rest = JSON.stringify(JSON.parse(json), (_, value: unknown) => {
    if (typeof value !== 'string') return value;
    const written = JSON.stringify(value);
    if (written.length === value.length + '""'.length) return value;
    escaped.push([value, written]);
    return '';
  });
  let tokens = count.of(rest);
  for (const [text, written] of escaped) tokens += Math.max(count.of(written), count.of(text));
  return Math.min(tokens, Buffer.byteLength(json));
}
