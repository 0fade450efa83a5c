import { LargeFrame } from './large-frame.ts';
import { type Frame, parseFrame } from './sse-frames.ts';
import type { StreamNotes, StreamProtocol } from './stream-protocol.ts';
import { doubtsOf, isComplete, largerReading, type Reading, type UsageReader } from './usage.ts';
import { readWireError, type WireError } from './wire-error.ts';

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
  /** A part of an answer came. Until then, an error is a refusal, as one with a status. */
  hasAnswer = false;
  failure: WireError | undefined;
  /** Events so far that said an error. */
  errors = 0;
  reading: Reading | undefined;
  textBytes = 0;
  readonly #protocol: StreamProtocol;
  readonly #usage: UsageReader | undefined;
  readonly #choices: number;
  readonly #countsText: boolean;
  readonly #endedChoices = new Set<unknown>();
  #large: LargeFrame | undefined;
  #usageIsFinal = false;
  /** No text came after the last usage. */
  #usageIsFresh = false;

  constructor(
    protocol: StreamProtocol,
    usage: UsageReader | undefined,
    { choices = 1, countsText = false }: FrameReaderSettings,
  ) {
    this.#protocol = protocol;
    this.#usage = usage;
    this.#choices = choices;
    this.#countsText = countsText;
  }

  get choicesEnded(): boolean {
    return this.#endedChoices.size >= this.#choices;
  }

  /**
   * Whether the reading is of the whole answer, also if the stream is cut now. Until a stream has ended, no
   * output at all is no final count: some hosts send zeros before they count.
   */
  get readingIsFinal(): boolean {
    const { reading, terminal, failed } = this;
    if (reading === undefined || !this.#usageIsFinal || !isComplete(reading)) return false;
    return (terminal && !failed) || reading.usage.outputTokens > 0;
  }

  read(text: string): void {
    const frame = parseFrame(text);
    this.textBytes += this.textBytesOf(frame);
    if (this.#usageIsFresh && frame.data !== '' && this.#protocol.textBytes(frame) > 0) {
      this.noteText();
    }
    this.hasAnswer ||= this.#protocol.isAnswer(frame);
    this.#protocol.read(frame, this);
  }

  /** Text came, so a usage that came before it does not count it. */
  noteText(): void {
    this.hasAnswer = true;
    this.#usageIsFresh = false;
    this.#usageIsFinal = false;
  }

  /** A frame that is too long to be held. All of it may be text. */
  readLoose(piece: string, first: boolean): void {
    if (this.#countsText) this.textBytes += piece.length;
    this.noteText();
    if (first) this.#large = new LargeFrame();
    this.#large?.push(piece);
  }

  /** What such a frame says of the cost and the end is read like that of any other. */
  endLoose(): void {
    if (this.#large !== undefined) this.#protocol.read(this.#large.frame, this);
    this.#large = undefined;
  }

  /** Bytes of generated text, in a whole frame or in one that has only begun. */
  textBytesOf(frame: Frame): number {
    return frame.data === '' || !this.#countsText ? 0 : this.#protocol.textBytes(frame);
  }

  endChoice(index: unknown): void {
    if (!this.choicesEnded) this.#endedChoices.add(index);
  }

  fail(error: unknown): void {
    this.failed = true;
    this.terminal = true;
    this.noteFailure(error);
  }

  noteFailure(error: unknown): void {
    this.errors += 1;
    this.failure = readWireError(error);
  }

  /** A count never falls. What a later usage leaves out stays as it was. */
  readUsage(json: unknown, isFinal: boolean): void {
    const reading = this.#usage?.(json);
    if (reading === undefined) return;
    this.reading = this.reading === undefined ? reading : largerReading(this.reading, reading);
    this.#usageIsFresh = true;
    this.#usageIsFinal = isFinal;
  }

  confirmUsage(): void {
    this.#usageIsFinal ||= this.#usageIsFresh;
  }

  noteSecondEnding(): void {
    const { reading } = this;
    if (reading === undefined) return;
    this.reading = { ...reading, doubts: [...doubtsOf(reading), 'second_ending'] };
  }
}
