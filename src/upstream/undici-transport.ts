import type { buildConnector, Dispatcher } from 'undici';
// Only what calls over HTTP/1.1 need: the whole of undici is twice as large in an app's bundle.
import connectorWith from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
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
    // One connection for each call in flight, as the bounds and `skipContinue` take it.
    allowH2: false,
    connect: connectorOf(timeouts),
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.idleMs,
  });
  const prefix = baseURL.pathname.replace(/\/+$/, '');
  return {
    send({ method = 'POST', path, headers, body }) {
      const exchange = new DispatchedExchange();
      const sent = method === 'GET' ? null : body;
      pool.dispatch({ path: prefix + path, method, headers, body: sent }, exchange);
      return exchange;
    },
    // `destroy` waits for no call: a guard that drained has none left, and any other must not wait.
    close: () => pool.destroy(),
  };
}

function connectorOf({ connectMs }: TransportTimeouts): buildConnector.connector {
  const connect = connectorWith({ timeout: connectMs, allowH2: false });
  return (options, done) =>
    connect(options, (...[error, socket]) =>
      error === null ? done(null, skipContinue(socket)) : done(error, null),
    );
}

type Controller = Dispatcher.DispatchController;
/** By lower-case name. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

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
  #controller: Controller | undefined;
  #headers: Headers = {};
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

  onRequestStart(controller: Controller): void {
    if (this.#cancelled) controller.abort(new Error('cancelled'));
    else this.#controller = controller;
  }

  onResponseStart(_controller: Controller, status: number, headers: Headers): void {
    if (status < 200) return;
    this.status = status;
    this.#headers = headers;
    this.#decode();
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

  onResponseData(controller: Controller, chunk: Buffer): void {
    // When undici resumes in the middle of a piece, it first tells an empty one. A reader that paused for
    // it would pause forever (7.30.2 and 8.13.1, 2026-11).
    if (chunk.byteLength === 0) return;
    if (!this.#take(chunk)) controller.pause();
  }

  #take(chunk: Buffer): boolean {
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#early ??= new ByteBuffer();
    this.#early.add(chunk);
    return this.#early.size < EARLY_BYTES_MAX;
  }

  onResponseEnd(): void {
    this.#ended = 'whole';
    this.#sink?.end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#ended = 'broken';
    if (this.status !== 0) {
      this.#sink?.fail();
      return;
    }
    // Without a socket nothing was written. With one, it is not known what arrived.
    const sent = this.#controller !== undefined;
    const timedOut = isTimeout(error);
    this.#reject(new UpstreamError('There was no answer.', { sent, timedOut, cause: error }));
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
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
    if (this.#ended === undefined) this.#controller?.resume();
  }

  cancel(): void {
    this.#cancelled = true;
    if (this.#ended === undefined) this.#controller?.abort(new Error('cancelled'));
  }
}

function isTimeout(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
}
