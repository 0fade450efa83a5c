import type { StreamFailure } from './error-frame.ts';
import type { Reading } from './usage.ts';
import type { WireError } from './wire-error.ts';

/** Reads what an answer costs while it passes: a stream of events, or a whole answer. */
export interface BodyMeter {
  /** Returns the bytes to pass on, the same object where nothing changes; `undefined`: none yet. */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /** The body ended well. Returns what was held back. */
  end(): Uint8Array | undefined;
  /**
   * The event that ends this stream with a failure. It may be written at a frame boundary only.
   * `undefined`: no event can say it, so the client's connection must break.
   */
  errorFrame(failure: StreamFailure): Uint8Array | undefined;
  /** What was passed on ends where a frame ends, so another frame may follow. */
  readonly atFrameBoundary: boolean;
  /** OpenAI has ended the stream: `[DONE]`, a last `response.*` event, or an error. */
  readonly terminal: boolean;
  /** Nothing is missing at its end: it is `terminal`, or its final usage came. Some hosts send no `[DONE]`. */
  readonly isWhole: boolean;
  /** An error event came. */
  readonly failed: boolean;
  /** A part of an answer came, also if it was cut later. */
  readonly hasAnswer: boolean;
  /** What the error event said, or a response that failed; `undefined` when it cannot be read. */
  readonly failure: WireError | undefined;
  /** The largest count of each kind that was reported; `undefined` until there is one. */
  readonly reading: Reading | undefined;
  /** That reading is of the whole answer, also if the stream is cut now. */
  readonly readingIsFinal: boolean;
  /** Bytes of the generated text that was passed on. `undefined`: they do not tell what was generated. */
  readonly deliveredTextBytes: number | undefined;
}
