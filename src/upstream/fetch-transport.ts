import type { ByteSink, ByteSource } from '../core/response.ts';
import { decodedBody } from './decoded-body.ts';
import {
  type Transport,
  type TransportTimeouts,
  UpstreamError,
  type UpstreamReply,
} from './transport.ts';

/**
 * Calls `baseURL` through the app's own `fetch` (a proxy, a test, another runtime). It is slower than
 * undici's dispatch. Its guarantees are the same, except that every failure counts as sent, because
 * `fetch` does not report how far a request came.
 */
export function fetchTransport(
  fetch: typeof globalThis.fetch,
  baseURL: URL,
  timeouts: TransportTimeouts,
): Transport {
  const base = baseURL.href.replace(/\/+$/, '');
  const replyTo = async (url: string, init: RequestInit, controller: AbortController) => {
    const timer = setTimeout(() => controller.abort(TIMED_OUT), timeouts.headersMs);
    try {
      return replyOf(await fetch(url, init), timeouts.idleMs, controller);
    } catch (cause) {
      const timedOut = controller.signal.reason === TIMED_OUT;
      controller.abort();
      if (cause instanceof UpstreamError) throw cause;
      throw new UpstreamError('There was no answer.', { sent: true, timedOut, cause });
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    send({ method = 'POST', path, headers, body }) {
      const controller = new AbortController();
      const { signal } = controller;
      const sent = method === 'GET' ? null : body;
      const init = { method, headers, body: sent, signal, redirect: 'manual' } as const;
      const reply = replyTo(base + path, init, controller);
      return { reply, cancel: () => controller.abort() };
    },
    close: () => Promise.resolve(),
  };
}

const TIMED_OUT = new Error('timed out');

function replyOf(response: Response, idleMs: number, controller: AbortController): UpstreamReply {
  const { status, headers } = response;
  const header = (name: string) => headers.get(name) ?? undefined;
  const source = new WebSource(response, idleMs, controller);
  const encoding = header('content-encoding');
  const body = encoding === undefined ? source : decodedBody(source, encoding, status, true);
  return { status, header, body };
}

/** Reads a web stream only as fast as the sink takes it, and waits `idleMs` at most for a piece. */
class WebSource implements ByteSource {
  readonly #response: Response;
  readonly #idleMs: number;
  readonly #controller: AbortController;
  #proceed: (() => void) | undefined;
  #over = false;

  constructor(response: Response, idleMs: number, controller: AbortController) {
    this.#response = response;
    this.#idleMs = idleMs;
    this.#controller = controller;
  }

  start(sink: ByteSink): void {
    const fail = () => {
      if (this.#over) return;
      this.cancel();
      sink.fail();
    };
    // Not every `fetch` follows its signal, so a silent body fails here. A paused one is not silent.
    const late = () => (this.#proceed === undefined ? fail() : idle.refresh());
    const idle = setTimeout(late, this.#idleMs);
    this.#pump(sink, idle)
      .catch(fail)
      .finally(() => clearTimeout(idle));
  }

  resume(): void {
    this.#proceed?.();
  }

  cancel(): void {
    this.#over = true;
    this.#controller.abort();
    this.#proceed?.();
  }

  async #pump(sink: ByteSink, idle: NodeJS.Timeout): Promise<void> {
    const reader = this.#response.body?.getReader();
    for (;;) {
      const piece = await reader?.read();
      if (this.#over) return;
      if (piece?.value === undefined) {
        this.#over = true;
        return sink.end();
      }
      if (!sink.write(piece.value)) await new Promise<void>((done) => (this.#proceed = done));
      this.#proceed = undefined;
      idle.refresh();
    }
  }
}
