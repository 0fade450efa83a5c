import { parseJson } from '../../core/json.ts';
import type { BodyMeter } from './body-meter.ts';
import { chatChunks } from './chunks.ts';
import type { StreamFailure } from './error-frame.ts';
import { FrameReader, type FrameReaderSettings } from './frame-reader.ts';
import { hideUsage } from './hide-usage.ts';
import { withoutNullUsage } from './plain-chunk.ts';
import { bufferOf, type Frame, type FrameSink, FrameSplitter, parseFrame } from './sse-frames.ts';
import type { AnswerDescriptor, StreamProtocol } from './stream-protocol.ts';
import type { Reading } from './usage.ts';
import type { WireError } from './wire-error.ts';

/** Reads what a stream costs while it passes. */
export interface StreamMeter extends BodyMeter {
  errorFrame(failure: StreamFailure): Uint8Array;
  /**
   * Bytes of all generated text that was passed on, arguments of tools and refusals included. Never
   * fewer than its tokens: escapes count as they are written.
   */
  readonly deliveredTextBytes: number;
}

/** Returns what the client gets for an event that says an error: a failure, a frame, or `undefined` for the
 * event as it is. `failure` is `undefined` if it cannot be read. */
export type ShownError = (
  event: Frame,
  failure: WireError | undefined,
) => StreamFailure | Buffer | undefined;

interface StreamMeterSettings extends FrameReaderSettings {
  /** Passes the stream as it would be without `include_usage`. Every frame is held until it is whole. */
  readonly hideUsage: boolean;
  /** Absent: error events pass as they are. */
  readonly shownError?: ShownError;
}

/**
 * Meters one stream of an endpoint, wherever its chunks are cut and however its lines end. Bytes pass at
 * once, but a frame that may have to be changed is held until it is whole, up to 1 MiB. A longer one passes
 * as it is.
 */
export function streamMeter(
  endpoint: AnswerDescriptor,
  settings: StreamMeterSettings,
): StreamMeter {
  return new FrameMeter(endpoint, settings);
}

/** How a frame begins that is no error event. */
const NO_ERROR = /^(?:data: \{"id":|event: response\.(?!f$|fa).|:)/;
/** Bytes that decide it. */
const DECIDING_BYTES = 24;
const FRAME_END = '\n\n';

class FrameMeter implements StreamMeter, FrameSink {
  readonly #splitter = new FrameSplitter();
  readonly #reader: FrameReader;
  readonly #protocol: StreamProtocol;
  readonly #settings: StreamMeterSettings;
  #shown = '';
  /** Bytes of the frame that is not whole yet which have been passed on. */
  #passed = 0;
  /** That frame passes piece by piece. */
  #passesPieces = false;
  /** The last event that was passed on; the beginning of one that is passed in pieces. */
  #last = '';
  #endsInFrame = false;

  /** A stream of an endpoint that never streams is read like chunks. */
  constructor({ stream = chatChunks, usage }: AnswerDescriptor, settings: StreamMeterSettings) {
    this.#protocol = stream;
    this.#settings = settings;
    this.#reader = new FrameReader(stream, usage, settings);
  }

  get terminal(): boolean {
    return this.#reader.terminal;
  }

  get isWhole(): boolean {
    return this.terminal || (this.readingIsFinal && !this.#endsInFrame);
  }

  get failed(): boolean {
    return this.#reader.failed;
  }

  get hasAnswer(): boolean {
    return this.#reader.hasAnswer;
  }

  get failure(): WireError | undefined {
    return this.#reader.failure;
  }

  get reading(): Reading | undefined {
    return this.#reader.reading;
  }

  get atFrameBoundary(): boolean {
    return !this.#splitter.isLoose && this.#passed === 0;
  }

  get readingIsFinal(): boolean {
    return this.#reader.readingIsFinal;
  }

  /** Includes the beginning of a frame that is held. */
  get deliveredTextBytes(): number {
    const { held } = this.#splitter;
    return this.#reader.textBytes + (held === '' ? 0 : this.#reader.textBytesOf(parseFrame(held)));
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    const bytes = bufferOf(chunk);
    const text = bytes.toString('latin1');
    const end = this.#plainEnd(text);
    if (end >= 0) {
      this.#reader.noteText();
      return this.#settings.hideUsage ? withoutNullUsage(bytes, text, end) : chunk;
    }
    this.#splitter.push(text, this);
    const shown = this.#takeShown();
    if (shown === text) return chunk;
    return shown === '' ? undefined : Buffer.from(shown, 'latin1');
  }

  /** As `StreamProtocol.plainEnd`; negative also where every chunk must be read. */
  #plainEnd(text: string): number {
    if (this.#settings.countsText === true || !this.#splitter.atBoundary) return -1;
    return this.#protocol.plainEnd?.(text) ?? -1;
  }

  end(): Uint8Array | undefined {
    // What is left may be a whole event without the blank line that ends it.
    const { data } = parseFrame(this.#splitter.held);
    this.#endsInFrame = data !== '' && data !== '[DONE]' && parseJson(data) === undefined;
    this.#splitter.end(this);
    const shown = this.#takeShown();
    return shown === '' ? undefined : Buffer.from(shown, 'latin1');
  }

  errorFrame(failure: StreamFailure): Uint8Array {
    return this.#protocol.errorFrame(failure, this.#last);
  }

  frame(frame: string): void {
    const { errors } = this.#reader;
    this.#reader.read(frame);
    const isError = this.#reader.errors > errors;
    const shown = isError ? this.#shownError(frame) : this.#shownFrame(frame);
    if (this.#passed === 0) this.#shown += shown;
    else this.#shown += shown === frame ? frame.slice(this.#passed) : FRAME_END + shown;
    this.#passed = 0;
    if (!this.#endsInFrame && !frame.startsWith(':')) this.#last = frame;
  }

  held(piece: string, heldBytes: number): void {
    if (heldBytes - piece.length < DECIDING_BYTES) {
      this.#passesPieces = this.#mayPass(this.#splitter.held);
    }
    // What is searched for here may be cut itself, and then passes.
    if (this.#settings.shownError && piece.includes('"error"')) this.#passesPieces = false;
    if (!this.#passesPieces) return;
    const isNext = this.#passed === heldBytes - piece.length;
    this.#shown += isNext ? piece : this.#splitter.held.slice(this.#passed);
    this.#passed = heldBytes;
  }

  #mayPass(begun: string): boolean {
    if (this.#settings.hideUsage) return false;
    return this.#settings.shownError === undefined || NO_ERROR.test(begun);
  }

  loose(piece: string, first: boolean): void {
    this.#reader.readLoose(piece, first);
    this.#shown += first ? piece.slice(this.#passed) : piece;
    this.#passed = 0;
    if (first) this.#last = piece;
  }

  looseEnd(): void {
    this.#reader.endLoose();
  }

  #shownFrame(frame: string): string {
    return this.#settings.hideUsage ? hideUsage(frame) : frame;
  }

  #shownError(frame: string): string {
    const shown = this.#settings.shownError?.(parseFrame(frame), this.failure);
    if (shown === undefined) return frame;
    const bytes = Buffer.isBuffer(shown) ? shown : this.errorFrame(shown);
    return bufferOf(bytes).toString('latin1');
  }

  #takeShown(): string {
    const shown = this.#shown;
    this.#shown = '';
    return shown;
  }
}
