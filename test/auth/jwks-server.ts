import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JSONWebKeySet } from 'jose';

/** How the server responds from now on. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface JwksServer extends AsyncDisposable {
  readonly url: string;
  readonly origin: string;
  /** The path of every request so far. */
  readonly requests: string[];
  answer: Behaviour;
}

export const serve =
  (body: unknown, headers: Record<string, string> = {}, status = 200): Behaviour =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** A key server on a real local socket. */
export async function startJwksServer(jwks: JSONWebKeySet): Promise<JwksServer> {
  const server = createServer((request, response) => {
    state.requests.push(request.url ?? '');
    state.answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: JwksServer = {
    origin,
    url: `${origin}/jwks.json`,
    requests: [],
    answer: serve(jwks),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return state;
}
