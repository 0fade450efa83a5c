import { inflateSync } from 'node:zlib';

const OBJECT_STREAMS_MAX = 1_000;
/** More pages than any model can take, and more lists of pages than a file has. */
const COUNT_MAX = 20_000;
const INFLATED_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Returns how many pages a PDF shows: its pages, or the places where it names some if these are more. Pages
 * may be in compressed object streams, which are inflated within bounds. It counts no more than it can
 * read: what is encrypted or broken shows nothing.
 */
export function pdfPages(bytes: Buffer): number {
  const text = bytes.toString('latin1');
  let pages = countOf(text, PAGE);
  let kids = kidsIn(text);
  let room = INFLATED_BYTES_MAX;
  let at = text.indexOf(OBJECT_STREAM);
  for (let streams = 0; at >= 0 && streams < OBJECT_STREAMS_MAX && room > 0; streams++) {
    const start = contentStart(text, at);
    const inflated = start === undefined ? undefined : inflate(bytes.subarray(start), room);
    if (start === undefined || inflated === undefined) break;
    pages += countOf(inflated, PAGE);
    kids += kidsIn(inflated);
    room -= inflated.length;
    at = text.indexOf(OBJECT_STREAM, start);
  }
  return Math.max(pages, kids);
}

const OBJECT_STREAM = '/ObjStm';

/** Where the content of the stream begins whose dictionary is at `at`. */
function contentStart(text: string, at: number): number | undefined {
  const keyword = text.indexOf('stream', at + OBJECT_STREAM.length);
  if (keyword < 0) return undefined;
  const end = keyword + 'stream'.length;
  return end + (text[end] === '\r' ? 2 : 1);
}

function inflate(bytes: Uint8Array, maxOutputLength: number): string | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength }).toString('latin1');
  } catch {
    return undefined;
  }
}

const PAGE = /\/Type\s{0,8}\/Page(?![A-Za-z])/g;
const REFERENCE = /\d R\b/g;

/** References in lists of pages. The same page may be in them more than once. */
function kidsIn(text: string): number {
  let kids = 0;
  let at = text.indexOf('/Kids');
  for (let lists = 0; at >= 0 && lists < COUNT_MAX && kids < COUNT_MAX; lists++) {
    const end = text.indexOf(']', at);
    if (end < 0) return kids;
    kids += countOf(text.slice(at, end), REFERENCE);
    at = text.indexOf('/Kids', end);
  }
  return kids;
}

function countOf(text: string, pattern: RegExp): number {
  let count = 0;
  pattern.lastIndex = 0;
  while (count < COUNT_MAX && pattern.test(text)) count++;
  return count;
}
