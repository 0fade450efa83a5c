import { parseJson } from '../../core/json.ts';
import type { BodyMeter } from './body-meter.ts';
import { chatChunks } from './chunks.ts';
import type { StreamFailure } from './error-frame.ts';
import { FrameReader, type FrameReaderSettings } from './frame-reader.ts';
import { hideUsage } from './hide-usage.ts';
import { withoutNullUsage } from './plain-chunk.ts';
import { bufferOf, bytesAsText, type FrameSink, FrameSplitter, parseFrame } from './sse-frames.ts';
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

interface StreamMeterSettings extends FrameReaderSettings {
  /**
   * Passes the stream as it would be without `include_usage`. Frames are held until they are whole, up
   * to 1 MiB; a longer one passes as it is. Otherwise all bytes pass at once, untouched.
   */
  readonly hideUsage: boolean;
}

/** Meters one stream of an endpoint, wherever its chunks are cut and however its lines end. */
export function streamMeter(
  endpoint: AnswerDescriptor,
  settings: StreamMeterSettings,
): StreamMeter {
  return settings.hideUsage
    ? new HidingMeter(endpoint, settings)
    : new PassingMeter(endpoint, settings);
}

class PassingMeter implements StreamMeter, FrameSink {
  protected readonly splitter = new FrameSplitter();
  protected readonly reader: FrameReader;
  readonly #protocol: StreamProtocol;
  readonly #countsText: boolean;
  #endsInFrame = false;

  /** A stream of an endpoint that never streams is read like chunks. */
  constructor({ stream = chatChunks, usage }: AnswerDescriptor, settings: StreamMeterSettings) {
    this.#protocol = stream;
    this.reader = new FrameReader(stream, usage, settings);
    this.#countsText = settings.countsText === true;
  }

  get terminal(): boolean {
    return this.reader.terminal;
  }

  get isWhole(): boolean {
    return this.terminal || (this.readingIsFinal && !this.#endsInFrame);
  }

  get failed(): boolean {
    return this.reader.failed;
  }

  get hasAnswer(): boolean {
    return this.reader.hasAnswer;
  }

  get failure(): WireError | undefined {
    return this.reader.failure;
  }

  get reading(): Reading | undefined {
    return this.reader.reading;
  }

  get atFrameBoundary(): boolean {
    return this.splitter.atBoundary;
  }

  get readingIsFinal(): boolean {
    return this.reader.readingIsFinal;
  }

  /** Includes the beginning of a frame, which has been passed on too. */
  get deliveredTextBytes(): number {
    const { held } = this.splitter;
    return this.reader.textBytes + (held === '' ? 0 : this.reader.textBytesOf(parseFrame(held)));
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    const text = bytesAsText(chunk);
    if (this.plainEnd(text) < 0) this.splitter.push(text, this);
    else this.reader.noteText();
    return chunk;
  }

  /** As `StreamProtocol.plainEnd`; negative also where every chunk must be read. */
  protected plainEnd(text: string): number {
    if (this.#countsText || !this.splitter.atBoundary) return -1;
    return this.#protocol.plainEnd?.(text) ?? -1;
  }

  end(): Uint8Array | undefined {
    this.endFrames();
    return undefined;
  }

  /** What is left may be a whole event without the blank line that ends it. */
  protected endFrames(): void {
    const { data } = parseFrame(this.splitter.held);
    this.#endsInFrame = data !== '' && data !== '[DONE]' && parseJson(data) === undefined;
    this.splitter.end(this);
  }

  errorFrame(failure: StreamFailure): Uint8Array {
    return this.#protocol.errorFrame(failure);
  }

  frame(frame: string): void {
    this.reader.read(frame);
  }

  loose(piece: string, first: boolean): void {
    this.reader.readLoose(piece, first);
  }

  looseEnd(): void {
    this.reader.endLoose();
  }
}

class HidingMeter extends PassingMeter {
  #shown = '';

  override get atFrameBoundary(): boolean {
    return !this.splitter.isLoose;
  }

  override get deliveredTextBytes(): number {
    return this.reader.textBytes;
  }

  override push(chunk: Uint8Array): Uint8Array | undefined {
    const bytes = bufferOf(chunk);
    const text = bytes.toString('latin1');
    const end = this.plainEnd(text);
    if (end > 0) {
      this.reader.noteText();
      return withoutNullUsage(bytes, text, end);
    }
    this.splitter.push(text, this);
    const shown = this.#takeShown();
    if (shown === text) return chunk;
    return shown === '' ? undefined : Buffer.from(shown, 'latin1');
  }

  override end(): Uint8Array | undefined {
    this.endFrames();
    const shown = this.#takeShown();
    return shown === '' ? undefined : Buffer.from(shown, 'latin1');
  }

  override frame(frame: string): void {
    super.frame(frame);
    this.#shown += hideUsage(frame);
  }

  override loose(piece: string, first: boolean): void {
    super.loose(piece, first);
    this.#shown += piece;
  }

  #takeShown(): string {
    const shown = this.#shown;
    this.#shown = '';
    return shown;
  }
}
