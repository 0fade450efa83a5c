import type { ByteSource } from '../core/response.ts';

interface TransportRequest {
  /** Absent: `POST`. With `GET` no body is sent. */
  readonly method?: 'GET';
  /** Below the base URL, from the descriptor of the endpoint; never from a client. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface UpstreamReply {
  readonly status: number;
  /** By lower-case name; the first value when there are several. */
  header(name: string): string | undefined;
  readonly body: ByteSource;
}

/** One request on its way. */
export interface UpstreamCall {
  /** Rejects only with `UpstreamError`. */
  readonly reply: Promise<UpstreamReply>;
  /** Closes the socket, at any time. A pending reply rejects. Idempotent. */
  cancel(): void;
}

/** Where calls go: one fixed origin. Follows no redirects, and never sends a request twice. */
export interface Transport {
  send(request: TransportRequest): UpstreamCall;
  close(): Promise<void>;
}

/** A call that got no answer. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  /** False only when provably no byte of the request left. Only then may it be repeated. */
  readonly sent: boolean;
  readonly timedOut: boolean;
  /** Why there is no answer, although one began. `undefined`: none began. */
  readonly fault: 'cut' | 'unreadable' | undefined;

  constructor(message: string, facts: UpstreamErrorFacts) {
    super(message, { cause: facts.cause });
    this.sent = facts.sent;
    this.timedOut = facts.timedOut ?? false;
    this.fault = facts.fault;
  }
}

interface UpstreamErrorFacts {
  readonly sent: boolean;
  readonly timedOut?: boolean;
  readonly fault?: UpstreamError['fault'];
  readonly cause?: unknown;
}

export interface TransportTimeouts {
  readonly connectMs: number;
  /** From the request's last byte to the answer's headers. An answer that is not a stream comes whole. */
  readonly headersMs: number;
  /** Longest silence within an answer. */
  readonly idleMs: number;
}
