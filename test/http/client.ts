import { connect, type Socket } from 'node:net';

/** A raw HTTP/1.1 exchange, for requests that no well-behaved client would send. */
export function rawExchange(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
      if (hasWholeHead(answer)) socket.end();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const hasWholeHead = (answer: string) => answer.includes('\r\n\r\n');

/** The status code of a raw response, or 0 if there was none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}

export interface RawRequest {
  readonly socket: Socket;
  /** Resolves with everything received so far, once it contains `text`. */
  until(text: string): Promise<string>;
}

/** Opens a connection, sends a request and leaves it open. */
export function openRequest(port: number, bytes: string): RawRequest {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  let received = '';
  const checks = new Set<() => void>();
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (text: string) => {
    received += text;
    for (const check of checks) check();
  });
  return {
    socket,
    until: (text) =>
      new Promise((resolve) => {
        const check = () => {
          if (!received.includes(text)) return;
          checks.delete(check);
          resolve(received);
        };
        checks.add(check);
        check();
      }),
  };
}

/** A POST as bytes, with everything that a client would add. */
export function rawPost(path: string, token: string, body: string, more = ''): string {
  return (
    `POST ${path} HTTP/1.1\r\nhost: app.test\r\nauthorization: Bearer ${token}\r\n` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`
  );
}
