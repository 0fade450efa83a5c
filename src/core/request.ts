/*
 * The pipeline has its own types for requests and responses, and the adapters translate. WHATWG objects
 * on every call would cost more than all other work of the guard (measured: bench/).
 */

/** A body as bytes, as text from server code, or as a value that the host has parsed. */
export type RequestBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'text'; readonly text: string; readonly byteLength: number }
  | { readonly kind: 'parsed'; readonly value: unknown };

/** Where the bytes of a body are counted. Both throw `BodyError` if they do not fit. */
export interface BodyRoom {
  /** The request says that its body has so many bytes. None of them has arrived. */
  announce(bytes: number): void;
  /** So many more bytes have arrived. */
  take(bytes: number): void;
}

/** One HTTP request, as adapters hand it to the guard and the guard to authenticators. */
export interface GuardRequest {
  /** Upper case. */
  readonly method: string;
  /** The raw, undecoded path below the mount point, without the query. It starts with `/`. */
  readonly path: string;
  /** The raw query without `?`. Empty when there is none. */
  readonly query: string;
  /** The request of the host framework (Express `req`, Hono context, …); `undefined` in process. */
  readonly host: unknown;
  /** The address of the peer; `undefined` where the adapter does not have it. */
  readonly remoteAddress?: string | undefined;
  /** Whether the caller has ended its side of the connection. It may be gone: only writing to it shows. */
  readonly isHalfClosed?: boolean;
  /** Returns a header by its lower-case name; `undefined` when it is absent or was sent more than once. */
  header(name: string): string | undefined;
  /** Reads the body, once, and counts it in `room`. Throws `BodyError` when it exceeds `limitBytes`, does
   * not fit into `room`, is late or was cut off. */
  readBody(limitBytes: number, room?: BodyRoom): RequestBody | Promise<RequestBody>;
  /** Calls `listener`, at most once, if the caller disconnects before the response was delivered. */
  onDisconnect(listener: () => void): void;
}
