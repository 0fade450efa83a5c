/** Receives a stream. After `end` or `fail` nothing more is called. */
export interface ByteSink {
  /** Returns false if the source must pause until its `resume()` is called. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** The stream broke. What was delivered so far is incomplete. */
  fail(): void;
}

/** A stream that is pushed into one sink. Nothing flows before `start`. */
export interface ByteSource {
  start(sink: ByteSink): void;
  /** Continues after a `write` that returned false. */
  resume(): void;
  /** The reader has left. Idempotent. `end` is not called on the sink, but `fail` still can be. */
  cancel(): void;
}

export type HeaderList = Record<string, string>;

export interface GuardResponse {
  readonly status: number;
  /** Lower-case names, without framing headers. The adapter sets length or chunking. */
  readonly headers: HeaderList;
  readonly body: Uint8Array | string | ByteSource;
  /** The parsed `body`, if it is known already. Only one reader may use it. */
  readonly json?: unknown;
}

export function isByteSource(body: GuardResponse['body']): body is ByteSource {
  return typeof body === 'object' && !(body instanceof Uint8Array);
}
