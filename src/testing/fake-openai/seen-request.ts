import type { IncomingMessage } from 'node:http';

/** A request as it reached the fake. All times are `performance.now()` of this process. */
export interface SeenRequest {
  /** The HTTP method. */
  readonly method: string;
  /** The request target exactly as sent, including the query. */
  readonly url: string;
  /** Names and values in the order and spelling in which they were sent. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** The body as text. */
  readonly bodyText: string;
  /** The parsed body; `undefined` when it is empty or not JSON. */
  readonly body: unknown;
  /** Counts connections from 1. Two requests with the same id shared a keep-alive connection. */
  readonly socketId: number;
  /** When the whole request had arrived. */
  readonly receivedAtMs: number;
  /** When the first byte of the response was written; `undefined` until then. */
  readonly responseBegunAtMs?: number;
  /** When its connection was closed; `undefined` while it is open. */
  readonly socketClosedAtMs?: number;
}

/**
 * Returns the first value of a header. The case of the name does not matter.
 *
 * @example
 * ```ts
 * const fake = await fakeOpenAI();
 * const request = await fake.received(1);
 * console.log(headerOf(request, 'authorization'));
 * ```
 */
export function headerOf(request: SeenRequest, name: string): string | undefined {
  return request.headers.find(([sent]) => sent.toLowerCase() === name.toLowerCase())?.[1];
}

/** A request with a longer body has its connection closed. */
const MAX_BODY_BYTES = 2 ** 28;

/** Calls back once with the whole body. Never calls back if the client left before its end. */
export function readBody(request: IncomingMessage, onBody: (bodyText: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) request.socket.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => onBody(Buffer.concat(chunks).toString()));
}

export function seenRequest(
  request: IncomingMessage,
  bodyText: string,
  socketId: number,
): SeenRequest {
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: pairsOf(request.rawHeaders),
    bodyText,
    body: parsed(bodyText),
    socketId,
    receivedAtMs: performance.now(),
  };
}

function pairsOf(flat: readonly string[]): Array<readonly [string, string]> {
  const pairs: Array<readonly [string, string]> = [];
  for (let index = 0; index < flat.length; index += 2) {
    pairs.push([flat[index] ?? '', flat[index + 1] ?? '']);
  }
  return pairs;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
