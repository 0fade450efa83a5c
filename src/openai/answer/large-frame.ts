import { eventQuery } from './answer-query.ts';
import { JsonScanner } from './json-scanner.ts';
import type { Frame } from './sse-frames.ts';

/** The longest name of a field and of an event that is read. */
const NAME_LENGTH_MAX = 256;

/** Reads a frame that is too long to be held, while it passes. */
export class LargeFrame {
  readonly #scanner = new JsonScanner(eventQuery);
  #event = '';
  /** The beginning of a line that is not known to be data. */
  #line = '';
  #isData = false;

  push(piece: string): void {
    let start = 0;
    while (start < piece.length) {
      const end = lineEnd(piece, start);
      this.#read(piece.slice(start, end));
      if (end < piece.length) this.#endLine();
      start = end + 1;
    }
  }

  /** The frame without all that is not read. Its data is empty where it was no whole JSON object. */
  get frame(): Frame {
    const { value } = this.#scanner;
    const data = value === undefined ? '' : Buffer.from(JSON.stringify(value)).toString('latin1');
    return { event: this.#event, data };
  }

  #read(text: string): void {
    if (this.#isData) return this.#scanner.push(text);
    const line = this.#line + text;
    this.#isData = line.startsWith('data:');
    if (this.#isData) this.#scanner.push(line.slice('data:'.length));
    else this.#line = line.slice(0, NAME_LENGTH_MAX);
  }

  #endLine(): void {
    if (!this.#isData && this.#line.startsWith('event:')) {
      this.#event = this.#line.slice('event:'.length).trim();
    }
    this.#isData = false;
    this.#line = '';
  }
}

function lineEnd(text: string, from: number): number {
  const feed = text.indexOf('\n', from);
  const line = text.slice(from, feed < 0 ? text.length : feed);
  const carriage = line.indexOf('\r');
  return carriage < 0 ? from + line.length : from + carriage;
}
