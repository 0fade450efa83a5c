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

export interface GuardResponse {
  readonly status: number;
  /** Lower-case names. Never holds framing headers: the face sets length or chunking. */
  readonly headers: HeaderList;
  readonly body: Uint8Array | string | ByteSource;
  /** The parsed `body`, where it is known already. One reader may take it. */
  readonly json?: unknown;
}

export function isByteSource(body: GuardResponse['body']): body is ByteSource {
  return typeof body === 'object' && !(body instanceof Uint8Array);
}
