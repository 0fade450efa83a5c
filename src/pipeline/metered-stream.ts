import { type Denial, deny } from '../core/denial.ts';
import type { ByteSink, ByteSource } from '../core/response.ts';
import type { BodyMeter } from '../openai/answer/body-meter.ts';
import { atStart } from '../upstream/upstream-label.ts';
import { type Refusal, refusalIn } from '../upstream/upstream-refusal.ts';
import { cutOutcome, hostOf, labelOf, readOutcome } from './cut-outcome.ts';
import type { InFlightCalls, Stoppable, StopReason } from './in-flight.ts';
import { refusedOutcome } from './refusal-effects.ts';
import { failureOf } from './shown-errors.ts';
import type { LargeAnswered, Outcome, StreamAnswered, UnreadOutcome } from './states.ts';

export interface StreamSettings {
  /** A quiet stream gets an SSE comment after this long, so that nothing on the way closes it. */
  readonly heartbeatMs: number;
  /** OpenAI may be silent this long within a stream. */
  readonly idleMs: number;
  /** A client may leave its bytes unread this long. */
  readonly stallMs: number;
}

/** What a passing response works with. */
export interface PassingParts {
  readonly stream: StreamSettings;
  readonly calls: InFlightCalls;
}

const HEARTBEAT = Buffer.from(': keep-alive\n\n');
const FRAME_END = Buffer.from('\n\n');

/** A response whose body passes while it is read. */
export type PassingAnswered = StreamAnswered | LargeAnswered;

/**
 * Passes a stream on with its back-pressure and reads its usage. It is the body of the response, and what
 * receives OpenAI's bytes. A stream that ends without its own last event ends with an error event, never
 * with a last event that OpenAI did not send. A large answer that breaks off has no such event: its
 * connection breaks.
 */
export class MeteredStream implements ByteSource, ByteSink, Stoppable {
  /** Resolves exactly once, however the stream ends. */
  readonly outcome: Promise<Outcome>;
  readonly #called: PassingAnswered;
  readonly #settings: StreamSettings;
  readonly #calls: InFlightCalls;
  readonly #meter: BodyMeter;
  #resolve!: (outcome: Outcome) => void;
  #client: ByteSink | undefined;
  #started = false;
  #finished = false;
  // Written on each chunk, read once a second: a flag costs less than a clock.
  #active = true;
  #quietSinceMs = 0;
  #heartbeatAtMs = 0;
  #pausedSinceMs: number | undefined;
  #paused = false;
  #fault: 'cut' | 'silent' | undefined;

  constructor(called: PassingAnswered, meter: BodyMeter, { stream, calls }: PassingParts) {
    this.#called = called;
    this.#meter = meter;
    this.#settings = stream;
    this.#calls = calls;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    called.tagged.inFlight.run(this);
  }

  /** What OpenAI's own error event means, known when the outcome is. */
  get refusal(): Refusal | undefined {
    const { failure } = this.#meter;
    const { redaction, tagged } = this.#called;
    return failure && refusalIn(failure, redaction, labelOf(tagged));
  }

  /** How OpenAI failed to end the answer, known when the outcome is. */
  get fault(): 'cut' | 'silent' | undefined {
    return this.#fault;
  }

  start(client: ByteSink): void {
    // A client that has left would never read, and would hold up the drain.
    const hasLeft = this.#called.tagged.inFlight.stopped === 'disconnected';
    if (this.#finished || hasLeft) return client.fail();
    this.#client = client;
    this.#startUpstream();
  }

  resume(): void {
    // A client that still reads is slow, not stalled.
    this.#paused = false;
    this.#pausedSinceMs = undefined;
    this.#called.body.resume();
  }

  cancel(): void {
    this.stop('disconnected');
  }

  write(chunk: Uint8Array): boolean {
    this.#active = true;
    const passed = this.#meter.push(chunk);
    if (passed === undefined || this.#client === undefined) return true;
    const open = this.#client.write(this.#called.redaction.answer(passed));
    this.#paused = !open;
    return open;
  }

  end(): void {
    if (this.#finished) return;
    const rest = this.#meter.end();
    if (rest !== undefined) this.#client?.write(this.#called.redaction.answer(rest));
    const { refusal } = this;
    const { isWhole, reading, hasAnswer } = this.#meter;
    if (!isWhole) this.#break();
    if (refusal !== undefined && !hasAnswer && reading === undefined) {
      return this.#resolveWith(refusedOutcome(refusal, this.#called.tagged));
    }
    this.#finish(this.#meter.terminal && !this.#meter.failed ? { kind: 'held' } : this.#cut);
  }

  fail(): void {
    if (this.#finished) return;
    this.#break();
    this.#finish(this.#cut);
  }

  stop(reason: StopReason): void {
    if (this.#finished) return;
    if (reason === 'disconnected') return this.#drainOrCut();
    this.#writeError(reason);
    this.#cutUpstream();
  }

  tick(nowMs: number): void {
    if (this.#finished) return;
    this.#pausedSinceMs = this.#paused ? (this.#pausedSinceMs ?? nowMs) : undefined;
    if (this.#pausedSinceMs !== undefined) return this.#tickPaused(nowMs - this.#pausedSinceMs);
    if (this.#active) {
      this.#active = false;
      this.#quietSinceMs = nowMs;
    }
    if (nowMs - this.#quietSinceMs >= this.#settings.idleMs) return this.#endSilence();
    const writtenAtMs = Math.max(this.#quietSinceMs, this.#heartbeatAtMs);
    // A client that has ended its side may be gone, which only a write shows.
    const { isHalfClosed } = this.#called.tagged.request;
    const quietMs = isHalfClosed ? 0 : this.#settings.heartbeatMs;
    // A comment inside a frame would break it.
    if (nowMs - writtenAtMs < quietMs || !this.#meter.atFrameBoundary) return;
    this.#heartbeatAtMs = nowMs;
    this.#client?.write(HEARTBEAT);
  }

  #break(): void {
    this.#fault = 'cut';
    const message = `The answer from ${labelOf(this.#called.tagged)} broke off.`;
    this.#writeError(deny('upstream_failed', message));
  }

  #endSilence(): void {
    this.#fault = 'silent';
    const message = `${atStart(labelOf(this.#called.tagged))} stopped answering.`;
    this.stop(deny('upstream_timeout', message));
  }

  #startUpstream(): void {
    if (this.#started) return;
    this.#started = true;
    this.#called.body.start(this);
  }

  #drainOrCut(): void {
    this.#client = undefined;
    if (!this.#calls.drain(this.#called.tagged.inFlight)) return this.#cutUpstream();
    this.#startUpstream();
    this.resume();
  }

  #cutUpstream(): void {
    // Finished first: what is cancelled may still say that it broke.
    this.#finish(this.#cut);
    this.#called.cancel();
  }

  get #cut(): UnreadOutcome {
    const isRead = this.#started && this.#pausedSinceMs === undefined;
    const textBytes = isRead ? this.#meter.deliveredTextBytes : undefined;
    const { tagged } = this.#called;
    return cutOutcome(tagged, hostOf(tagged), textBytes);
  }

  #writeError(denial: Denial): void {
    const frame = this.#meter.errorFrame(failureOf(denial));
    if (frame === undefined) return this.#breakClient();
    if (!this.#meter.atFrameBoundary) this.#client?.write(FRAME_END);
    this.#client?.write(frame);
  }

  #breakClient(): void {
    this.#client?.fail();
    this.#client = undefined;
  }

  /** The reported usage replaces any estimate, also when the stream was cut after it came. */
  #finish(otherwise: UnreadOutcome): void {
    const { reading, readingIsFinal } = this.#meter;
    this.#resolveWith(readOutcome(reading, readingIsFinal, otherwise));
  }

  #resolveWith(outcome: Outcome): void {
    this.#finished = true;
    this.#resolve(outcome);
    this.#client?.end();
    this.#client = undefined;
  }

  #tickPaused(pausedMs: number): void {
    if (pausedMs < this.#settings.stallMs) return;
    this.#breakClient();
    this.stop('disconnected');
  }
}
