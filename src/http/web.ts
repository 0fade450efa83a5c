import type { BodyRoom, GuardRequest, RequestBody } from '../core/request.ts';
import { type GuardResponse, isByteSource } from '../core/response.ts';
import { BodyBytes } from './body-bytes.ts';
import { hostBody, splitTarget, withoutEndSlash } from './request-parts.ts';
import { answerAfter, type RestOfBody } from './rest-of-body.ts';
import { WebBody } from './web-body.ts';
import { webStream } from './web-stream.ts';

export interface WebHandlerOptions {
  /** The path that the guard is mounted at; default none. `/v1` below it is always accepted. */
  readonly prefix?: string;
  /** The host framework's own request, for authenticators; default the `Request`. */
  readonly host?: unknown;
  /** The body, when the host has read it already. */
  readonly body?: unknown;
  /** The far end of the connection, for `anonymous()`. */
  readonly remoteAddress?: string | undefined;
  /** Whether the client has ended its side of the connection, for hosts on node:http. */
  readonly isHalfClosed?: () => boolean;
}

/** Serves a WHATWG `Request` with a `Response`: for Hono, Next, Bun, Deno and other such hosts. */
export async function serveWeb(
  serve: (request: GuardRequest) => Promise<GuardResponse>,
  request: Request,
  options: WebHandlerOptions = {},
): Promise<Response> {
  const guarded = new WebRequest(request, options);
  const answer = await serve(guarded);
  const rest = guarded.discardBody();
  const ready = rest === undefined ? answer : await answerAfter(rest, answer);
  return toResponse(ready, guarded.disconnect);
}

/** Status codes that may not have a body, not even an empty one. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** `disconnect` is called when the reader cancels the body. `signal` breaks the body off, as for `fetch`. */
export function toResponse(
  { status, headers, body }: GuardResponse,
  disconnect: () => void,
  signal?: AbortSignal,
): Response {
  if (BODILESS.has(status)) return new Response(null, { status, headers });
  const init = { status, headers };
  if (isByteSource(body)) return new Response(webStream(body, disconnect, signal), init);
  return new Response(body as string | Uint8Array<ArrayBuffer>, init);
}

const never = () => false;

class WebRequest implements GuardRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly host: unknown;
  readonly remoteAddress: string | undefined;
  readonly disconnect: () => void;
  readonly #request: Request;
  readonly #body: WebBody;
  readonly #hostBody: unknown;
  readonly #isHalfClosed: () => boolean;
  #listener: (() => void) | undefined;

  constructor(request: Request, options: WebHandlerOptions) {
    const { prefix = '', host = request, body, remoteAddress, isHalfClosed = never } = options;
    // The URL parser has resolved dots already. The rest must match to the letter.
    const url = new URL(request.url);
    const { path, query } = splitTarget(url.pathname + url.search, withoutEndSlash(prefix));
    this.method = request.method;
    this.path = path;
    this.query = query;
    this.host = host;
    this.remoteAddress = remoteAddress;
    const disconnect = (): void => this.#listener?.();
    this.disconnect = disconnect;
    this.#request = request;
    this.#body = new WebBody(request);
    this.#hostBody = body;
    this.#isHalfClosed = isHalfClosed;
  }

  get isHalfClosed(): boolean {
    return this.#isHalfClosed();
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  readBody(limitBytes: number, room?: BodyRoom): RequestBody | Promise<RequestBody> {
    if (this.#hostBody !== undefined) return hostBody(this.#hostBody, limitBytes, room);
    const announced = Number(this.header('content-length') ?? 0);
    return this.#body.read(new BodyBytes(limitBytes, announced, room));
  }

  /** Begins to throw away what is left of the body. Returns `undefined` if there is nothing. */
  discardBody(): RestOfBody | undefined {
    return this.#hostBody === undefined ? this.#body.discard() : undefined;
  }

  onDisconnect(listener: () => void): void {
    this.#listener = listener;
    const { signal } = this.#request;
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
  }
}
