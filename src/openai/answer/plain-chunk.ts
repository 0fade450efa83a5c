const START = 'data: {"id":"';
/** How the one choice of a chunk ends while its answer goes on. */
const UNFINISHED = '"finish_reason":null}]';
const NULL_USAGE = ',"usage":null';
const OBFUSCATION = ',"obfuscation":"';
const END = '}\n\n';

/**
 * Recognises bytes that are one whole frame with a piece of the answer and nothing else, as OpenAI
 * writes it. This is most of a stream. Returns where `,"usage":null` stands, or would stand. Returns a
 * negative number for everything else: only that can hold a usage, an error or an end. Inside a string
 * the quotes would be escaped.
 */
export function plainChunkEnd(text: string): number {
  const at = text.lastIndexOf(UNFINISHED);
  if (at < 0 || !text.startsWith(START)) return -1;
  const end = at + UNFINISHED.length;
  let rest = text.startsWith(NULL_USAGE, end) ? end + NULL_USAGE.length : end;
  if (text.startsWith(OBFUSCATION, rest)) {
    rest = text.indexOf('"', rest + OBFUSCATION.length) + 1;
  }
  const isWhole = text.startsWith(END, rest) && rest + END.length === text.length;
  return isWhole && isOneLine(text) ? end : -1;
}

const isOneLine = (text: string): boolean =>
  text.indexOf('\n') === text.length - 2 && !text.includes('\r');

/** The bytes of a plain chunk as they are when usage was not requested. */
export function withoutNullUsage(chunk: Buffer, text: string, end: number): Buffer {
  if (!text.startsWith(NULL_USAGE, end)) return chunk;
  const shown = Buffer.allocUnsafe(chunk.byteLength - NULL_USAGE.length);
  chunk.copy(shown, 0, 0, end);
  chunk.copy(shown, end, end + NULL_USAGE.length);
  return shown;
}
