/**
 * Server-sent events as texts in which one character is one byte of the wire (`latin1`), so that a
 * chunk may be cut anywhere, also inside a character.
 */

/** The bytes as such a text. */
export const bytesAsText = (bytes: Uint8Array): string => bufferOf(bytes).toString('latin1');

/** The same bytes, not copied. */
export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Two line ends in a row. A CR at the very end does not count yet: it may be half of a CRLF. */
const blankLine = /(?:\r\n|\n|\r(?=[^\n]))(?:\r\n|\n|\r(?=[^\n]))/g;
/** The longest part of a blank line that can be in one chunk while the rest is in the next. */
const BLANK_LINE_PART = 3;
const FRAME_BYTES_MAX = 1024 * 1024;
/** More pieces than these are joined, because a piece costs 32 bytes beside its text. */
const PIECES_MAX = 1024;

export interface FrameSink {
  /** A whole frame, with the blank line that ends it. */
  frame(frame: string): void;
  /** A piece of a frame that is not whole yet. `heldBytes`: of all its pieces so far. */
  held?(piece: string, heldBytes: number): void;
  /** Bytes of a frame of more than 1 MiB, which passes in pieces. `first`: they begin the frame. */
  loose(piece: string, first: boolean): void;
  /** That frame has ended. */
  looseEnd?(): void;
}

/** Cuts a stream into frames, wherever its chunks are cut. Holds at most 1 MiB and one chunk. */
export class FrameSplitter {
  #pieces: string[] = [];
  /** How many of the first pieces were joined from others. */
  #joined = 0;
  #held = 0;
  #tail = '';
  #isLoose = false;

  /** All frames that began have ended. */
  get atBoundary(): boolean {
    return this.#tail === '';
  }

  /** A frame too long to be held is passing. */
  get isLoose(): boolean {
    return this.#isLoose;
  }

  /** The held part of a frame that has begun. */
  get held(): string {
    return this.#pieces.join('');
  }

  push(text: string, sink: FrameSink): void {
    const hasReturns = text.includes('\r');
    let start = this.atBoundary ? 0 : this.#finish(text, hasReturns, sink);
    if (start < 0) return this.#hold(text, sink);
    for (;;) {
      const end = frameEnd(text, start, hasReturns);
      if (end < 0) break;
      sink.frame(text.slice(start, end));
      start = end;
    }
    if (start < text.length) this.#hold(text.slice(start), sink);
  }

  /** Where a frame that began earlier ends in `text`; negative when it goes on. */
  #finish(text: string, hasReturns: boolean, sink: FrameSink): number {
    const tail = this.#tail;
    const probe = tail + text;
    const end = frameEnd(probe, 0, hasReturns || tail.includes('\r')) - tail.length;
    if (end < 0) return -1;
    const last = text.slice(0, end);
    if (this.#isLoose) {
      sink.loose(last, false);
      sink.looseEnd?.();
    } else sink.frame(this.held + last);
    this.#clear();
    return end;
  }

  #hold(text: string, sink: FrameSink): void {
    this.#tail = (this.#tail + text).slice(-BLANK_LINE_PART);
    if (this.#isLoose) return sink.loose(text, false);
    this.#pieces.push(text);
    this.#held += text.length;
    if (this.#pieces.length - this.#joined > PIECES_MAX) {
      this.#pieces.push(this.#pieces.splice(this.#joined).join(''));
      this.#joined += 1;
    }
    if (this.#held <= FRAME_BYTES_MAX) return sink.held?.(text, this.#held);
    sink.loose(this.held, true);
    this.#isLoose = true;
    this.#pieces = [];
    this.#joined = 0;
    this.#held = 0;
  }

  /** Ends the stream. What is held counts as a frame, as it does for clients. */
  end(sink: FrameSink): void {
    const { held, isLoose } = this;
    this.#clear();
    if (held !== '') sink.frame(held);
    else if (isLoose) sink.looseEnd?.();
  }

  #clear(): void {
    this.#pieces = [];
    this.#joined = 0;
    this.#held = 0;
    this.#tail = '';
    this.#isLoose = false;
  }
}

function frameEnd(text: string, from: number, hasReturns: boolean): number {
  if (!hasReturns) {
    const at = text.indexOf('\n\n', from);
    return at < 0 ? -1 : at + 2;
  }
  blankLine.lastIndex = from;
  return blankLine.test(text) ? blankLine.lastIndex : -1;
}

export interface Frame {
  /** Empty where the frame has no name. */
  readonly event: string;
  /** All data lines, joined by LF; empty without any. */
  readonly data: string;
}

/** Reads the fields that OpenAI uses; whole and half frames alike. */
export function parseFrame(frame: string): Frame {
  // What OpenAI sends has one event line at most, then one data line.
  const eventEnd = frame.startsWith('event: ') ? frame.indexOf('\n') : -1;
  const dataStart = eventEnd + 1;
  if (frame.startsWith('data: ', dataStart) && !frame.includes('\r')) {
    const end = frame.indexOf('\n', dataStart);
    if (end === frame.length - 2) {
      return {
        event: frame.slice(7, Math.max(7, eventEnd)),
        data: frame.slice(dataStart + 6, end),
      };
    }
  }
  return parseLines(frame);
}

const BYTE_ORDER_MARK = 'ï»¿';
const field = /^(data|event)(?:: ?(.*))?$/s;

function parseLines(frame: string): Frame {
  const text = frame.startsWith(BYTE_ORDER_MARK) ? frame.slice(BYTE_ORDER_MARK.length) : frame;
  const data: string[] = [];
  let event = '';
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, name, value = ''] = field.exec(line) ?? [];
    if (name === 'data') data.push(value);
    if (name === 'event') event = value;
  }
  return { event, data: data.join('\n') };
}
