import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { serve as serveHono } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { guardExpress } from '../../src/http/express.ts';
import { guardFastify } from '../../src/http/fastify.ts';
import { guardHono } from '../../src/http/hono.ts';
import { guardKoa } from '../../src/http/koa.ts';
import { guardNext } from '../../src/http/next.ts';
import { toNodeHandler } from '../../src/http/node.ts';
import type { Mountable } from '../../src/index.ts';

/** A real server with the guard mounted below `prefix`. */
export interface RunningHost extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
}

export interface HostVariant {
  readonly name: string;
  start(guard: Mountable, prefix: string): Promise<RunningHost>;
}

async function listen(listener: RequestListener): Promise<RunningHost> {
  return running(createServer(listener));
}

async function running(server: Server): Promise<RunningHost> {
  if (!server.listening) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function koaApp(guard: Mountable, prefix: string, parse: boolean): Koa {
  const app = new Koa();
  if (parse) {
    app.use(async (context, next) => {
      const chunks: Buffer[] = [];
      for await (const chunk of context.req) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString('utf8');
      Object.assign(context.request, { body: text === '' ? undefined : JSON.parse(text) });
      await next();
    });
  }
  app.use(guardKoa(guard, { prefix }));
  return app;
}

/** Next passes a web `Request` and the decoded segments to a route handler. */
async function startNext(guard: Mountable, prefix: string): Promise<RunningHost> {
  const handlers = guardNext(guard);
  const app = new Hono();
  app.all(`${prefix}/*`, async (context) => {
    // Next itself answers HEAD by GET, and returns 405 for a method that a route does not export.
    const method = context.req.method === 'HEAD' ? 'GET' : context.req.method;
    const handle = handlers[method as keyof typeof handlers];
    if (handle === undefined) return new Response(null, { status: 405 });
    const tail = new URL(context.req.url).pathname.slice(prefix.length + 1);
    const path = tail.split('/').map(decodeURIComponent);
    return handle(context.req.raw, { params: Promise.resolve({ path }) });
  });
  return startFetch(app);
}

/** As people mount `guard.handler` on node:http by hand. */
export function startHandler(guard: Mountable, prefix: string): Promise<RunningHost> {
  return listen(async (incoming, outgoing) => {
    const { url, method = 'GET', headers } = incoming;
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const request = new Request(`http://${headers.host}${url}`, {
      method,
      headers: headers as Record<string, string>,
      body: hasBody ? (Readable.toWeb(incoming) as ReadableStream) : null,
      duplex: 'half',
    } as RequestInit);
    const { status, headers: own, body } = await guard.handler(request, { prefix });
    outgoing.writeHead(status, Object.fromEntries(own));
    if (body === null) outgoing.end();
    else Readable.fromWeb(body as never).pipe(outgoing);
  });
}

async function startFetch(app: Hono): Promise<RunningHost> {
  return new Promise((resolve) => {
    const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () =>
      resolve(running(server as Server)),
    );
  });
}

export const hosts: readonly HostVariant[] = [
  {
    name: 'node:http',
    start: (guard, prefix) => listen(toNodeHandler(guard, { prefix })),
  },
  {
    name: 'Express 5',
    start: (guard, prefix) => listen(express().use(prefix, guardExpress(guard))),
  },
  {
    name: 'Express 5 behind express.json()',
    start: (guard, prefix) =>
      listen(
        express()
          .use(express.json({ limit: '8mb' }))
          .use(prefix, guardExpress(guard)),
      ),
  },
  {
    name: 'Fastify 5',
    async start(guard, prefix) {
      const app = fastify();
      await app.register(guardFastify(guard), { prefix });
      await app.listen({ port: 0, host: '127.0.0.1' });
      return running(app.server);
    },
  },
  {
    name: 'Koa',
    start: (guard, prefix) => listen(koaApp(guard, prefix, false).callback()),
  },
  {
    name: 'Koa behind a body parser',
    start: (guard, prefix) => listen(koaApp(guard, prefix, true).callback()),
  },
  {
    name: 'Hono',
    start: (guard, prefix) => startFetch(new Hono().all(`${prefix}/*`, guardHono(guard))),
  },
  {
    name: 'Hono whose middleware read the body',
    start: (guard, prefix) =>
      startFetch(
        new Hono()
          .use(async (context, next) => {
            await context.req.text();
            await next();
          })
          .all(`${prefix}/*`, guardHono(guard)),
      ),
  },
  { name: 'Next route handlers', start: startNext },
];
