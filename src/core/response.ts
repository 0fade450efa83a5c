/** Receives a stream. After `end` or `fail` nothing more is called. */
export interface ByteSink {
  /** Returns false if the source must pause until its `resume()` is called. */
  write(chunk: Uint8Array): boolean;
  /** The stream is complete. */
  end(): void;
  /** The stream broke. What was delivered so far is incomplete. */
  fail(): void;
}

/** A stream that is pushed into one sink. Nothing flows before `start`. */
export interface ByteSource {
  /** Lets the stream flow into `sink`. It is called once. */
  start(sink: ByteSink): void;
  /** Continues after a `write` that returned false. */
  resume(): void;
  /** The reader has left. Idempotent. `end` is not called on the sink, but `fail` still can be. */
  cancel(): void;
}

export type HeaderList = Record<string, string>;

/** The answer to one HTTP request, as the guard hands it to adapters. */
export interface GuardResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Lower-case names, without framing headers. The adapter sets length or chunking. */
  readonly headers: HeaderList;
  /** The whole body, or a stream that flows once it is started. */
  readonly body: Uint8Array | string | ByteSource;
  /** The parsed `body`, if it is known already. Only one reader may use it. */
  readonly json?: unknown;
}

export function isByteSource(body: GuardResponse['body']): body is ByteSource {
  return typeof body === 'object' && !(body instanceof Uint8Array);
}
