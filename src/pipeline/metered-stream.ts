import { type Denial, denialCodes, deny } from '../core/denial.ts';
import type { ByteSink, ByteSource } from '../core/response.ts';
import type { WireError } from '../openai/answer/blocked-identifier.ts';
import { type StreamMeter, streamMeter } from '../openai/answer/stream-meter.ts';
import { cutOutcome, showsOutput } from './cut-outcome.ts';
import type { InFlightCall, StopReason } from './in-flight.ts';
import type { Outcome, StreamAnswered } from './states.ts';

export interface StreamSettings {
  /** A quiet stream gets an SSE comment after this long, so that nothing on the way closes it. */
  readonly heartbeatMs: number;
  /** OpenAI may be silent this long within a stream. */
  readonly idleMs: number;
  /** A client may leave its bytes unread this long. */
  readonly stallMs: number;
}

export interface MeteredStream {
  readonly source: ByteSource;
  /** Resolves exactly once, however the stream ends. */
  readonly outcome: Promise<Outcome>;
  /** What OpenAI's own error event said, known when the outcome is. */
  readonly failure: WireError | undefined;
}

const HEARTBEAT = Buffer.from(': keep-alive\n\n');
const FRAME_END = Buffer.from('\n\n');
const BROKEN = deny('upstream_failed', 'The answer from OpenAI broke off.');
const SILENT = deny('upstream_timeout', 'OpenAI stopped answering.');

/**
 * Passes a stream on with its back-pressure, reads what it costs, and never completes it in OpenAI's
 * name: one that ends without its own last event ends with an error event.
 */
export function createMeteredStream(
  called: StreamAnswered,
  settings: StreamSettings,
  drain: (call: InFlightCall) => boolean,
): MeteredStream {
  return new PassingStream(called, settings, drain);
}

class PassingStream implements MeteredStream, ByteSource, ByteSink {
  readonly source = this;
  readonly outcome: Promise<Outcome>;
  readonly #called: StreamAnswered;
  readonly #settings: StreamSettings;
  readonly #drain: (call: InFlightCall) => boolean;
  readonly #meter: StreamMeter;
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

  constructor(
    called: StreamAnswered,
    settings: StreamSettings,
    drain: (call: InFlightCall) => boolean,
  ) {
    const { inFlight, endpoint, built } = called.tagged;
    this.#called = called;
    this.#settings = settings;
    this.#drain = drain;
    const { hideUsage, choices } = built;
    const countsText = showsOutput(built);
    this.#meter = streamMeter(endpoint, { hideUsage, choices, countsText });
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const stop = (reason: StopReason): void => this.#stop(reason);
    const tick = (nowMs: number): void => this.#tick(nowMs);
    inFlight.onStop = stop;
    inFlight.onTick = tick;
    if (inFlight.stopped !== undefined) this.#stop(inFlight.stopped);
  }

  get failure(): WireError | undefined {
    return this.#meter.failure;
  }

  start(client: ByteSink): void {
    // A client that has left would never read, and hold up the drain.
    const hasLeft = this.#called.tagged.inFlight.stopped === 'disconnected';
    if (this.#finished || hasLeft) return client.fail();
    this.#client = client;
    this.#startUpstream();
  }

  resume(): void {
    // A client that still reads is slow, not stalled.
    this.#paused = false;
    this.#pausedSinceMs = undefined;
    this.#called.reply.body.resume();
  }

  cancel(): void {
    this.#stop('disconnected');
  }

  write(chunk: Uint8Array): boolean {
    this.#active = true;
    const passed = this.#meter.push(chunk);
    if (passed === undefined || this.#client === undefined) return true;
    const open = this.#client.write(passed);
    this.#paused = !open;
    return open;
  }

  end(): void {
    if (this.#finished) return;
    const rest = this.#meter.end();
    if (rest !== undefined) this.#client?.write(rest);
    if (!this.#meter.terminal) this.#writeError(BROKEN);
    this.#finish(this.#meter.terminal && !this.#meter.failed ? { kind: 'held' } : this.#cut);
  }

  fail(): void {
    if (this.#finished) return;
    this.#writeError(BROKEN);
    this.#finish(this.#cut);
  }

  #startUpstream(): void {
    if (this.#started) return;
    this.#started = true;
    this.#called.reply.body.start(this);
  }

  #stop(reason: StopReason): void {
    if (this.#finished) return;
    if (reason === 'disconnected') return this.#clientGone();
    this.#writeError(reason);
    this.#cutUpstream();
  }

  #clientGone(): void {
    this.#client = undefined;
    if (!this.#drain(this.#called.tagged.inFlight)) return this.#cutUpstream();
    this.#startUpstream();
    this.resume();
  }

  #cutUpstream(): void {
    // Finished first: what is cancelled may still say that it broke.
    this.#finish(this.#cut);
    this.#called.cancel();
  }

  get #cut(): Outcome {
    const isRead = this.#started && this.#pausedSinceMs === undefined;
    const textBytes = isRead ? this.#meter.deliveredTextBytes : undefined;
    return cutOutcome(this.#called.tagged.built, textBytes);
  }

  #writeError({ code, message }: Denial): void {
    if (!this.#meter.atFrameBoundary) this.#client?.write(FRAME_END);
    const { type } = denialCodes[code];
    this.#client?.write(this.#meter.errorFrame({ code, type, message }));
  }

  /** The true usage wins over any estimate, also when the stream was cut after it came. */
  #finish(otherwise: Outcome): void {
    this.#finished = true;
    const { reading, readingIsFinal, terminal, failed } = this.#meter;
    const isKnown = reading !== undefined && (readingIsFinal || (terminal && !failed));
    this.#resolve(isKnown ? { kind: 'used', reading } : otherwise);
    this.#client?.end();
    this.#client = undefined;
  }

  #tick(nowMs: number): void {
    if (this.#finished) return;
    this.#pausedSinceMs = this.#paused ? (this.#pausedSinceMs ?? nowMs) : undefined;
    if (this.#pausedSinceMs !== undefined) return this.#tickPaused(nowMs - this.#pausedSinceMs);
    if (this.#active) {
      this.#active = false;
      this.#quietSinceMs = nowMs;
    }
    if (nowMs - this.#quietSinceMs >= this.#settings.idleMs) return this.#stop(SILENT);
    const writtenAtMs = Math.max(this.#quietSinceMs, this.#heartbeatAtMs);
    // A comment inside a frame would break it.
    if (nowMs - writtenAtMs < this.#settings.heartbeatMs || !this.#meter.atFrameBoundary) return;
    this.#heartbeatAtMs = nowMs;
    this.#client?.write(HEARTBEAT);
  }

  #tickPaused(pausedMs: number): void {
    if (pausedMs < this.#settings.stallMs) return;
    this.#client?.fail();
    this.#client = undefined;
    this.#stop('disconnected');
  }
}
