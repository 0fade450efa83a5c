import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
}

/** How a receiver answers: a status, a status with headers, or a function. */
export type Answering = number | readonly [number, Readonly<Record<string, string>>];

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Requests that were read and are not answered. */
  readonly open: ServerResponse[];
  /** Answers of the next requests, in order. After them, 204. */
  readonly next: (Answering | 'never')[];
}

/** An HTTP server on this machine that receives alerts. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const next: Receiver['next'] = [];
  const open: ServerResponse[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    received.push({ headers: request.headers, body, atMs: Date.now() });
    const answer = next.shift() ?? 204;
    if (answer === 'never') open.push(response);
    else {
      const [status, headers] = typeof answer === 'number' ? [answer, {}] : answer;
      response.writeHead(status, headers).end();
    }
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks/secret-path`,
    received,
    open,
    next,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
