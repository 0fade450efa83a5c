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
  onDisconnect(listener: () => void): void;
}
