import { connect } from 'node:net';

export const PREFIX = '/v1';

export interface RefusedRequest {
  readonly path: string;
  readonly authorization: string;
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Sends a request, and resolves to the status, or to why there was none. */
type Sender = (port: number, request: RefusedRequest) => Promise<number | string>;

export const WAYS: readonly (readonly [string, Sender])[] = [
  ['fetch of bytes', (port, request) => sendByFetch(port, request, request.body)],
  [
    'fetch of a stream',
    (port, request) => sendByFetch(port, request, new Blob([request.body]).stream()),
  ],
  ['a socket that writes all before it reads', sendRaw],
];

async function sendByFetch(
  port: number,
  { path, authorization, contentType }: RefusedRequest,
  body: Uint8Array<ArrayBuffer> | ReadableStream,
): Promise<number | string> {
  const headers = { authorization, 'content-type': contentType };
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  try {
    const response = await fetch(`http://127.0.0.1:${port}${PREFIX}${path}`, init);
    const { error } = (await response.json()) as { error: { code: string } };
    return error.code === response.headers.get('x-guard-code') ? response.status : 'another body';
  } catch (error) {
    return String((error as Error).cause ?? error);
  }
}

function sendRaw(port: number, request: RefusedRequest): Promise<number | string> {
  const { path, authorization, contentType, body } = request;
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('error', (error) => resolve(String(error)));
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)));
    socket.write(
      `POST ${PREFIX}${path} HTTP/1.1\r\nhost: app.test\r\nconnection: close\r\n` +
        `authorization: ${authorization}\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    const read = (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    };
    socket.write(body, () => socket.on('data', read));
  });
}
