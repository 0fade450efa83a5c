import { connect, type Socket } from 'node:net';

/** Is notified while a response arrives. */
export interface ResponseListener {
  /** Called with the number of server-sent events that just completed. */
  onFrames?(count: number): void;
}

export interface Timing {
  /** From the request to the first byte of the response body. */
  readonly firstByteMs: number;
  readonly wholeMs: number;
}

interface Exchange {
  readonly startedAtMs: number;
  readonly reader: ResponseReader;
  readonly listener: ResponseListener;
  firstByteAtMs: number | undefined;
  resolve(timing: Timing): void;
  reject(error: Error): void;
}

/** One keep-alive connection with one request at a time. It costs a few µs, so it is never the limit. */
export class HttpConnection {
  readonly #socket: Socket;
  #exchange: Exchange | undefined;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#receive(chunk.toString('latin1')));
    this.#socket.on('error', (error) => this.#exchange?.reject(error));
    this.#socket.on('close', () =>
      this.#exchange?.reject(new Error('The contender closed the connection.')),
    );
  }

  /** Sends a request. Rejects if the connection breaks or the status is not 200. */
  exchange(request: string, listener: ResponseListener = {}): Promise<Timing> {
    return new Promise((resolve, reject) => {
      const startedAtMs = performance.now();
      const reader = new ResponseReader();
      const firstByteAtMs = undefined;
      this.#exchange = { startedAtMs, reader, listener, firstByteAtMs, resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { reader, listener, startedAtMs } = exchange;
    reader.push(text);
    const now = performance.now();
    if (reader.bodyHasBegun) exchange.firstByteAtMs ??= now;
    if (reader.status !== undefined && reader.status !== 200) {
      return exchange.reject(new Error(`The contender returned: ${text.slice(0, 2_000)}`));
    }
    if (listener.onFrames) listener.onFrames(countFrames(text));
    if (!reader.isEnded) return;
    this.#exchange = undefined;
    const firstByteMs = (exchange.firstByteAtMs ?? now) - startedAtMs;
    exchange.resolve({ firstByteMs, wholeMs: now - startedAtMs });
  }
}

function countFrames(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n', at + 2)) count += 1;
  return count;
}

const HEAD_END = '\r\n\r\n';
/** The CRLF that ends a chunk's data, and the last chunk. Nothing else in a response can end like this. */
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** Reads just enough of a response to find its end. */
class ResponseReader {
  status: number | undefined;
  bodyHasBegun = false;
  isEnded = false;
  #head = '';
  #bodyLength: number | undefined;
  #received = 0;
  #tail = '';

  push(text: string): void {
    if (this.status !== undefined) return this.#pushBody(text);
    this.#head += text;
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    this.status = Number(this.#head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end + 2))?.[1];
    this.#bodyLength = length === undefined ? undefined : Number(length);
    this.#pushBody(this.#head.slice(end + 2));
  }

  /** The first text starts with the CRLF that ends the head, so that the last chunk may be the only one. */
  #pushBody(text: string): void {
    this.#received += text.length;
    this.bodyHasBegun = this.#received > 2;
    if (this.#bodyLength !== undefined) {
      this.isEnded = this.#received - 2 >= this.#bodyLength;
      return;
    }
    this.#tail = (this.#tail + text).slice(-LAST_CHUNK.length);
    this.isEnded = this.#tail === LAST_CHUNK;
  }
}
