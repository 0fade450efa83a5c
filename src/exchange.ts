/**
 * The line's own words for one HTTP exchange. The faces translate to and from it, because WHATWG
 * objects on every call would cost more than the guard's whole work (measured: bench/).
 */

/** A body as bytes, as the text that server code handed over, or as a value that the host has parsed. */
export type RequestBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'text'; readonly text: string; readonly byteLength: number }
  | { readonly kind: 'parsed'; readonly value: unknown };

export interface GuardRequest {
  /** Upper case. */
  readonly method: string;
  /** The raw, undecoded path below the mount point, without the query; starts with `/`. */
  readonly path: string;
  /** The raw query without `?`; empty when there is none. */
  readonly query: string;
  /** The host framework's own request (Express `req`, Hono context, …); `undefined` in process. */
  readonly host: unknown;
  /** The far end of the connection; `undefined` where the face does not know it. */
  readonly remoteAddress?: string | undefined;
  /** One header by its lower-case name; `undefined` when absent or sent more than once. */
  header(name: string): string | undefined;
  /** Reads the body, once. Throws `BodyError` when it is over `limitBytes`, late or cut off. */
  readBody(limitBytes: number): RequestBody | Promise<RequestBody>;
  /** Calls `listener`, at most once, when the caller is gone before the answer was delivered. */
  onGone(listener: () => void): void;
}

/** Receives a stream. After `end` or `fail` nothing more is called. */
export interface ByteSink {
  /** False asks the source to pause until `resume()` is called on it. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** The stream broke; what was delivered so far is not whole. */
  fail(): void;
}

/** A stream that is pushed into one sink; nothing flows before `start`. */
export interface ByteSource {
  start(sink: ByteSink): void;
  /** After a `write` that answered false. */
  resume(): void;
  /** The reader is gone. Idempotent; the sink gets no `end`, but may still be told that it broke. */
  cancel(): void;
}

export type HeaderList = Record<string, string>;

export interface GuardAnswer {
  readonly status: number;
  /** Lower-case names. Never holds framing headers: the face sets length or chunking. */
  readonly headers: HeaderList;
  readonly body: Uint8Array | string | ByteSource;
  /** The parsed `body`, where it is known already. One reader may take it. */
  readonly json?: unknown;
}

export function isByteSource(body: GuardAnswer['body']): body is ByteSource {
  return typeof body === 'object' && !(body instanceof Uint8Array);
}
