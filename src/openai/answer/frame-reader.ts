import { readWireError, type WireError } from './blocked-identifier.ts';
import { type Frame, parseFrame } from './sse-frames.ts';
import type { StreamNotes, StreamProtocol } from './stream-protocol.ts';
import type { Reading, UsageReader } from './usage.ts';

export interface FrameReaderSettings {
  /** How many choices were asked for; default 1. */
  readonly choices?: number;
  /** Default false, which leaves `textBytes` at 0. */
  readonly countsText?: boolean;
}

/** What the frames of one stream have said so far. */
export class FrameReader implements StreamNotes {
  terminal = false;
  failed = false;
  failure: WireError | undefined;
  reading: Reading | undefined;
  readingIsFinal = false;
  textBytes = 0;
  readonly choices: number;
  readonly #protocol: StreamProtocol;
  readonly #usage: UsageReader | undefined;
  readonly #countsText: boolean;

  constructor(
    protocol: StreamProtocol,
    usage: UsageReader | undefined,
    { choices = 1, countsText = false }: FrameReaderSettings,
  ) {
    this.#protocol = protocol;
    this.#usage = usage;
    this.choices = choices;
    this.#countsText = countsText;
  }

  read(text: string): void {
    const frame = parseFrame(text);
    this.textBytes += this.textBytesOf(frame);
    this.#protocol.read(frame, this);
  }

  /** A frame that is too long to be read: all of it may be text, and only its name tells its kind. */
  readLoose(piece: string, first: boolean): void {
    if (this.#countsText) this.textBytes += piece.length;
    if (first && this.#protocol.isEnding(parseFrame(piece).event)) this.terminal = true;
  }

  /** Bytes of generated text, in a whole frame or in one that has only begun. */
  textBytesOf(frame: Frame): number {
    return frame.data === '' || !this.#countsText ? 0 : this.#protocol.textBytes(frame);
  }

  fail(error: unknown): void {
    this.failed = true;
    this.failure = readWireError(error);
    this.terminal = true;
  }

  /** Later counts replace earlier ones. A count that makes no sense replaces nothing. */
  readUsage(json: unknown, isLast: boolean): void {
    const reading = this.#usage?.(json);
    if (reading === undefined) return;
    this.reading = reading;
    this.readingIsFinal = isLast || (this.terminal && !this.failed);
  }
}
