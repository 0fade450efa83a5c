import { answerQuery } from './answer-query.ts';
import type { BodyMeter } from './body-meter.ts';
import { JsonScanner } from './json-scanner.ts';
import { bytesAsText } from './sse-frames.ts';
import { isComplete, type Reading, type UsageReader } from './usage.ts';

/** Meters a whole answer that is too large to be collected, while it passes. */
export class AnswerMeter implements BodyMeter {
  readonly atFrameBoundary = false;
  readonly failed = false;
  readonly hasAnswer = true;
  readonly failure = undefined;
  /** What a client has got of it tells nothing of what OpenAI wrote. */
  readonly deliveredTextBytes = undefined;
  readonly #usage: UsageReader | undefined;
  readonly #scanner = new JsonScanner(answerQuery);

  constructor(usage: UsageReader | undefined) {
    this.#usage = usage;
  }

  get terminal(): boolean {
    return this.#scanner.isWhole;
  }

  get isWhole(): boolean {
    return this.terminal;
  }

  get reading(): Reading | undefined {
    return this.terminal ? this.#usage?.(this.#scanner.value) : undefined;
  }

  get readingIsFinal(): boolean {
    const { reading } = this;
    return reading !== undefined && isComplete(reading);
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#scanner.push(bytesAsText(chunk));
    return chunk;
  }

  end(): undefined {}

  /** JSON has no event that says it. The client's connection is broken. */
  errorFrame(): undefined {}
}
