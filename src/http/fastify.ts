import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type GuardResponse, isByteSource } from '../core/response.ts';
import { answerNode } from './answer-node.ts';
import { joinVary } from './host-headers.ts';
import { checkMount, type Mountable } from './mountable.ts';
import { SourceStream } from './source-stream.ts';

/**
 * Returns a Fastify plugin that answers every request below its prefix. The host's own hooks run, and the
 * headers that they set are kept. Its body parsers do not run below this prefix.
 *
 * @example
 * ```ts
 * import fastify from 'fastify';
 *
 * await fastify().register(guardFastify(guard), { prefix: '/v1' });
 * ```
 */
export function guardFastify(guard: Mountable): (app: FastifyInstance) => Promise<void> {
  checkMount('guardFastify', guard);
  return async (app) => {
    // Encapsulated: only routes of this plugin leave their bodies to the guard.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const serve = async (request: FastifyRequest, reply: FastifyReply) => {
      const mount = { prefix: app.prefix, host: request, body: request.body };
      send(await answerNode(guard, request.raw, reply.raw, mount), reply);
      // Fastify waits until it is sent.
      return reply;
    };
    app.all('/*', serve);
    // The mount point itself: an exchange has no other path.
    if (app.prefix !== '') app.all('/', serve);
  };
}

/** Fastify sends it, so that its hooks run. */
function send({ status, headers, body }: GuardResponse, reply: FastifyReply): void {
  const { raw } = reply;
  if (raw.destroyed) return void reply.hijack();
  joinVary(reply.getHeader('vary'), headers);
  reply.code(status).headers(headers);
  if (!isByteSource(body)) return void reply.send(Buffer.from(body as Uint8Array));
  // Clients wait for the headers before they show anything; the first bytes may be minutes away.
  raw.once('pipe', () => raw.flushHeaders());
  reply.send(new SourceStream(body));
}
