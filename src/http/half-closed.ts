import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** The latest response of each connection. */
const responses = new WeakMap<Socket, ServerResponse>();
const PROBE_MS_MIN = 50;
const PROBE_MS_MAX = 1_000;

/**
 * Lets a client end its side of the connection after its request, as TCP allows, and still get its
 * response. Node's servers close such a connection unless `httpAllowHalfOpen` is set.
 *
 * A client that has closed its connection looks the same, until something is sent to it. So it gets
 * interim responses, which every client of HTTP/1.1 ignores, until its response begins.
 */
export function serveHalfClosed(request: IncomingMessage, response: ServerResponse): void {
  const { socket, httpVersionMajor } = request;
  // Hosts without a server have stand-ins for sockets. In HTTP/2, requests and not connections end.
  if (!(socket instanceof Socket) || httpVersionMajor !== 1) return;
  const { server } = socket as { readonly server?: { httpAllowHalfOpen?: boolean } | null };
  if (server) server.httpAllowHalfOpen = true;
  if (!responses.has(socket)) socket.on('end', probeLatest);
  responses.set(socket, response);
}

function probeLatest(this: Socket): void {
  const response = responses.get(this);
  if (response !== undefined && response.req.httpVersionMinor > 0) probe(response, PROBE_MS_MIN);
}

/** The first write to a client that is gone makes its system refuse, and the second one fails. */
function probe(response: ServerResponse, waitMs: number): void {
  if (response.headersSent || response.destroyed) return;
  response.writeProcessing();
  setTimeout(probe, waitMs, response, Math.min(2 * waitMs, PROBE_MS_MAX)).unref();
}
