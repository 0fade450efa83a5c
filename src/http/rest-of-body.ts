import { type ByteSource, type GuardResponse, isByteSource } from '../core/response.ts';

/** The answer waits so long for the rest of the body. Then it is sent while the rest still arrives. */
const ANSWER_MS_MAX = 2_000;
/** Reading ends so long after the answer was ready, … */
const REST_MS_MAX = 60_000;
/** … after so long without a byte, … */
const SILENCE_MS_MAX = 5_000;
/** … and after so many bytes. */
const REST_BYTES_MAX = 64 * 1024 * 1024;
/** At once, in this process. One more ends the one that has taken longest, so that none waits for others. */
const RESTS_MAX = 1_000;

/** The one that has taken longest is the first. */
const running = new Set<RestOfBody>();

/**
 * The rest of a body that is not needed. It is read and thrown away, because a connection that is closed
 * while its client still sends is reset, and the client loses the answer
 * ([why](../../docs/decisions/read-the-rest.md)).
 */
export class RestOfBody {
  /** Resolves when it is time to answer. */
  readonly soon: Promise<void>;
  /** Resolves when the body has ended, or a bound is reached. */
  readonly over: Promise<void>;
  #isWhole = false;
  #bytesLeft = REST_BYTES_MAX;
  #answer = (): void => {};
  #end = (): void => {};
  readonly #answerTimer: NodeJS.Timeout;
  readonly #totalTimer: NodeJS.Timeout;
  readonly #silenceTimer: NodeJS.Timeout;

  constructor() {
    this.soon = new Promise((resolve) => {
      this.#answer = resolve;
    });
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    const stop = () => this.end(false);
    this.#answerTimer = setTimeout(this.#answer, ANSWER_MS_MAX).unref();
    this.#totalTimer = setTimeout(stop, REST_MS_MAX).unref();
    this.#silenceTimer = setTimeout(stop, SILENCE_MS_MAX).unref();
    if (running.size >= RESTS_MAX) running.values().next().value?.end(false);
    running.add(this);
  }

  /** Whether the body has arrived to its end. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** So many more bytes have arrived and are gone. Returns whether more are wanted. */
  took(bytes: number): boolean {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) this.end(false);
    else if (running.has(this)) this.#silenceTimer.refresh();
    return running.has(this);
  }

  /** Ends the reading. Only the first call counts. */
  end(isWhole: boolean): void {
    if (!running.delete(this)) return;
    this.#isWhole = isWhole;
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#totalTimer);
    clearTimeout(this.#silenceTimer);
    this.#answer();
    this.#end();
  }
}

/** Resolves, when it is time to answer, to the answer. Until the rest is over, the answer does not end. */
export async function answerAfter(
  rest: RestOfBody,
  { status, headers, body }: GuardResponse,
): Promise<GuardResponse> {
  await rest.soon;
  if (rest.isWhole || isByteSource(body)) return { status, headers, body };
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (bytes.byteLength > 0) headers['content-length'] = String(bytes.byteLength);
  return { status, headers, body: new HeldAnswer(bytes, rest) };
}

/** A client that reads while it sends has all of the answer at once. */
class HeldAnswer implements ByteSource {
  readonly #bytes: Uint8Array;
  readonly #rest: RestOfBody;
  #isCancelled = false;

  constructor(bytes: Uint8Array, rest: RestOfBody) {
    this.#bytes = bytes;
    this.#rest = rest;
  }

  start(sink: Parameters<ByteSource['start']>[0]): void {
    sink.write(this.#bytes);
    void this.#rest.over.then(() => {
      if (!this.#isCancelled) sink.end();
    });
  }

  resume(): void {}

  cancel(): void {
    this.#isCancelled = true;
  }
}
