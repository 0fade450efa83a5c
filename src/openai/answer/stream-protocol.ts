import type { StreamFailure } from './error-frame.ts';
import type { Frame } from './sse-frames.ts';
import type { UsageReader } from './usage.ts';

/** What the reader of one stream notes while its frames are read. */
export interface StreamNotes {
  /** OpenAI has ended the stream. */
  terminal: boolean;
  /** An error event came. */
  readonly failed: boolean;
  /** All choices that were asked for have a `finish_reason`. */
  readonly choicesEnded: boolean;
  /** Notes a choice with a `finish_reason`. */
  endChoice(index: unknown): void;
  /** Notes an error event, which ends the stream. */
  fail(error: unknown): void;
  /** Notes a response that failed. */
  noteFailure(error: unknown): void;
  /** Reads usage. `isFinal`: it is the usage of the whole answer even if the stream is cut now. */
  readUsage(json: unknown, isFinal: boolean): void;
  /** The stream has ended, so a usage that no text followed is final. */
  confirmUsage(): void;
  /** The stream has ended before. */
  noteSecondEnding(): void;
}

/** How one family of streams is written. */
export interface StreamProtocol {
  /** The usage is sent only if `stream_options.include_usage` asks for it. */
  readonly usageOnRequest: boolean;
  /** Notes what one whole frame says. */
  read(frame: Frame, notes: StreamNotes): void;
  /** Returns whether a whole frame is a part of an answer, and no error or announcement. */
  isAnswer(frame: Frame): boolean;
  /** Bytes of generated text, in a whole frame or in one that has only begun; `data` is not empty. */
  textBytes(frame: Frame): number;
  /**
   * A fast test for a frame that holds a piece of the answer and nothing else. See `plainChunkEnd`.
   * Absent: every frame must be read.
   */
  plainEnd?(text: string): number;
  /**
   * The event that ends a stream which failed after its start, so that every client reads a failure.
   * It must follow a frame boundary and is never followed by `[DONE]`. `last`: the frame before it.
   */
  errorFrame(failure: StreamFailure, last: string): Uint8Array;
}

/** How the answers of an endpoint are read. */
export interface AnswerDescriptor {
  /** Absent: the answer does not say what it cost. */
  readonly usage?: UsageReader;
  /** Absent: it never streams. */
  readonly stream?: StreamProtocol;
}
