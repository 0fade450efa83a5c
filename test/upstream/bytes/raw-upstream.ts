import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** An answer as it stands on the wire. */
export interface RawAnswer {
  /** Default `HTTP/1.1 200 OK`. */
  readonly statusLine?: string;
  /** Before the answer, such as an interim response. */
  readonly before?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** `length` is the default. `close`: the end of the connection is the end of the body. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** The connection is reset behind the body, which claims to be longer. */
  readonly isCut?: boolean;
  /** Bytes of each piece of a chunked body. Default all of it. */
  readonly pieceBytes?: number;
}

/** Sent with each answer. */
export const KEPT = {
  'x-request-id': 'req_abc123',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
};
export const DROPPED = {
  'openai-organization': 'acme',
  'x-ratelimit-limit-requests': '10000',
  'set-cookie': 'a=b',
  'cf-ray': '1-FRA',
  'alt-svc': 'h3=":443"',
};

/** A server that answers each request with the same bytes, and closes the connection. */
export async function rawUpstream(answer: RawAnswer) {
  const server = createServer((socket) => {
    let seen = '';
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      seen += piece.toString('latin1');
      if (isWhole(seen)) void send(socket, answer);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done));
    },
  };
}

function isWhole(seen: string): boolean {
  const bodyAt = seen.indexOf('\r\n\r\n') + 4;
  const length = /content-length: (\d+)/i.exec(seen)?.[1];
  return bodyAt > 3 && seen.length >= bodyAt + Number(length ?? 0);
}

async function send(socket: Socket, answer: RawAnswer): Promise<void> {
  const { statusLine = 'HTTP/1.1 200 OK', before = '', headers, framing = 'length' } = answer;
  const body = Buffer.from(answer.body);
  const framed = {
    length: { 'content-length': String(body.length + (answer.isCut ? 9 : 0)) },
    chunked: { 'transfer-encoding': 'chunked' },
    close: {},
  }[framing];
  const all = { ...headers, ...KEPT, ...DROPPED, ...framed, connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${before}${statusLine}\r\n${lines.join('')}\r\n`);
  if (framing === 'chunked') await sendChunks(socket, body, answer.pieceBytes ?? body.length);
  else socket.write(body);
  if (answer.isCut) socket.destroySoon();
  else socket.end();
}

async function sendChunks(socket: Socket, body: Buffer, pieceBytes: number): Promise<void> {
  for (let at = 0; at < body.length; at += pieceBytes) {
    const piece = body.subarray(at, at + pieceBytes);
    socket.write(`${piece.length.toString(16)}\r\n`);
    socket.write(piece);
    await new Promise<void>((done) => socket.write('\r\n', () => done()));
  }
  socket.write('0\r\n\r\n');
}
