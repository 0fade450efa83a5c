import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Mountable } from './mountable.ts';
import { serveNode } from './node.ts';

/**
 * Returns a Fastify plugin that answers every request below its prefix. The host's own hooks run before
 * it. Its body parsers do not run below this prefix.
 *
 * @example
 * ```ts
 * import fastify from 'fastify';
 *
 * await fastify().register(guardFastify(guard), { prefix: '/v1' });
 * ```
 */
export function guardFastify(guard: Mountable): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    // Encapsulated: only routes of this plugin leave their bodies to the guard.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const serve = async (request: FastifyRequest, reply: FastifyReply) => {
      reply.hijack();
      const mount = { prefix: app.prefix, host: request, body: request.body };
      await serveNode(guard, request.raw, reply.raw, mount);
    };
    app.all('/*', serve);
    // The mount point itself: an exchange has no other path.
    if (app.prefix !== '') app.all('/', serve);
  };
}
