import { buildConnector, type Dispatcher, Pool } from 'undici';
import { ByteBuffer } from '../base/byte-buffer.ts';
import type { ByteSink, ByteSource } from '../core/response.ts';
import { decodedBody } from './decoded-body.ts';
import { skipContinue } from './skip-continue.ts';
import {
  type Transport,
  type TransportTimeouts,
  type UpstreamCall,
  UpstreamError,
  type UpstreamReply,
} from './transport.ts';

/**
 * Calls `baseURL` through a pool of its own, with undici's `dispatch`: about a fifth of what `fetch`
 * costs here (bench/). It follows no redirect, pipelines nothing and repeats nothing.
 */
export function undiciTransport(baseURL: URL, timeouts: TransportTimeouts): Transport {
  const pool = new Pool(baseURL.origin, {
    // Calls in flight are bounded before this point. A second bound here would only hide a queue.
    connections: null,
    pipelining: 1,
    connect: connectorOf(timeouts),
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.idleMs,
  });
  const prefix = baseURL.pathname.replace(/\/+$/, '');
  return {
    send({ path, headers, body }) {
      const exchange = new DispatchedExchange();
      pool.dispatch({ path: prefix + path, method: 'POST', headers, body }, exchange);
      return exchange;
    },
    // `destroy` waits for no call: a guard that drained has none left, and any other must not wait.
    close: () => pool.destroy(),
  };
}

function connectorOf({ connectMs }: TransportTimeouts): buildConnector.connector {
  const connect = buildConnector({ timeout: connectMs });
  return (options, done) =>
    connect(options, (...[error, socket]) =>
      error === null ? done(null, skipContinue(socket)) : done(error, null),
    );
}

type Abort = (reason?: Error) => void;
type Headers = readonly (Buffer | Buffer[])[];

/** What may arrive together with the headers, before the body is read. */
const EARLY_BYTES_MAX = 64 * 1024;

class DispatchedExchange
  implements UpstreamCall, UpstreamReply, ByteSource, Dispatcher.DispatchHandler
{
  readonly reply: Promise<UpstreamReply>;
  body: ByteSource = this;
  status = 0;
  #resolve!: (reply: UpstreamReply) => void;
  #reject!: (error: UpstreamError) => void;
  #abort: Abort | undefined;
  #resume: (() => void) | undefined;
  #headers: Headers = [];
  #sink: ByteSink | undefined;
  #early: ByteBuffer | undefined;
  #ended: 'whole' | 'broken' | undefined;
  #cancelled = false;

  constructor() {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onConnect(abort: Abort): void {
    if (this.#cancelled) abort();
    else this.#abort = abort;
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.status = status;
    this.#headers = headers;
    this.#resume = resume;
    this.#decode();
    return true;
  }

  #decode(): void {
    const encoding = this.header('content-encoding');
    try {
      if (encoding !== undefined) this.body = decodedBody(this, encoding, this.status);
      this.#resolve(this);
    } catch (error) {
      this.#reject(error as UpstreamError);
      this.cancel();
    }
  }

  onData(chunk: Buffer): boolean {
    // When undici resumes in the middle of a piece, it first tells an empty one. A reader that paused for
    // it would pause forever (8.13.1, 2026-11).
    if (chunk.byteLength === 0) return true;
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#early ??= new ByteBuffer();
    this.#early.add(chunk);
    return this.#early.size < EARLY_BYTES_MAX;
  }

  onComplete(): void {
    this.#ended = 'whole';
    this.#sink?.end();
  }

  onError(error: Error): void {
    this.#ended = 'broken';
    if (this.status !== 0) {
      this.#sink?.fail();
      return;
    }
    // Without a socket nothing was written. With one, it is not known what arrived.
    const sent = this.#abort !== undefined;
    const timedOut = isTimeout(error);
    this.#reject(new UpstreamError('OpenAI did not answer.', { sent, timedOut, cause: error }));
  }

  header(name: string): string | undefined {
    for (let index = 0; index < this.#headers.length; index += 2) {
      const raw = this.#headers[index];
      if (raw === undefined || Array.isArray(raw) || raw.byteLength !== name.length) continue;
      if (raw.toString('latin1').toLowerCase() !== name) continue;
      const value = this.#headers[index + 1];
      return (Array.isArray(value) ? value[0] : value)?.toString('latin1');
    }
    return undefined;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = undefined;
    const open = early === undefined || sink.write(early.join());
    if (this.#ended === 'whole') sink.end();
    else if (this.#ended === 'broken') sink.fail();
    else if (open && early !== undefined && early.size >= EARLY_BYTES_MAX) this.resume();
  }

  resume(): void {
    if (this.#ended === undefined) this.#resume?.();
  }

  cancel(): void {
    this.#cancelled = true;
    if (this.#ended === undefined) this.#abort?.(new Error('cancelled'));
  }
}

function isTimeout(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
}
