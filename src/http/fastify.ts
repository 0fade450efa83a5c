import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Mountable } from './mountable.ts';
import { serveNode } from './node.ts';

/**
 * A Fastify plugin: `app.register(guardFastify(guard), { prefix: '/v1' })`. The host's own hooks run
 * before it. The host's body parsers do not run below this prefix.
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
