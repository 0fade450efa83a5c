import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { guardExpress } from '../../src/http/express.ts';
import { guardFastify } from '../../src/http/fastify.ts';
import { guardHono } from '../../src/http/hono.ts';
import { guardKoa } from '../../src/http/koa.ts';
import { type Guard, toNodeHandler } from '../../src/index.ts';
import { chat, type Fixture, startFixture, tokenOf } from '../fixture.ts';

/** What middleware such as that for CORS, sessions or security sets before the guard is called. */
const HEADERS: readonly (readonly [string, string])[] = [
  ['access-control-allow-origin', 'https://app.test'],
  ['access-control-allow-credentials', 'true'],
  ['x-frame-options', 'DENY'],
  ['cache-control', 'public'],
  ['vary', 'Accept-Encoding'],
];
const COOKIES = ['session=1; HttpOnly', 'theme=dark'];

interface Server {
  readonly port: number;
  close(): unknown;
}

const listen = (listener: Parameters<typeof createServer>[1]) =>
  new Promise<Server>((resolve) => {
    const server = createServer(listener).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, close: () => server.closeAllConnections() ?? server.close() });
    });
  });

const hosts: readonly (readonly [string, (guard: Guard) => Promise<Server>])[] = [
  [
    'node:http',
    (guard) =>
      listen((request, response) => {
        for (const [name, value] of HEADERS) response.setHeader(name, value);
        response.setHeader('set-cookie', COOKIES);
        void toNodeHandler(guard, { prefix: '/v1' })(request, response);
      }),
  ],
  [
    'Express',
    (guard) =>
      listen(
        express()
          .use((_request, response, next) => {
            for (const [name, value] of HEADERS) response.set(name, value);
            for (const cookie of COOKIES) response.append('set-cookie', cookie);
            next();
          })
          .use('/v1', guardExpress(guard)),
      ),
  ],
  [
    'Koa',
    (guard) =>
      listen(
        new Koa()
          .use((context, next) => {
            for (const [name, value] of HEADERS) context.set(name, value);
            context.set('set-cookie', COOKIES);
            return next();
          })
          .use(guardKoa(guard, { prefix: '/v1' }))
          .callback(),
      ),
  ],
  ['Fastify', (guard) => startFastify(guard)],
  [
    'Hono',
    (guard) =>
      startHono(
        new Hono()
          .use((context, next) => {
            for (const [name, value] of HEADERS) context.header(name, value);
            for (const cookie of COOKIES) context.header('set-cookie', cookie, { append: true });
            return next();
          })
          .all('/v1/*', guardHono(guard)),
      ),
  ],
  [
    'Hono, on its response',
    (guard) =>
      startHono(
        new Hono()
          .use((context, next) => {
            for (const [name, value] of HEADERS) context.res.headers.set(name, value);
            for (const cookie of COOKIES) context.res.headers.append('set-cookie', cookie);
            return next();
          })
          .all('/v1/*', guardHono(guard)),
      ),
  ],
];

async function startFastify(guard: Guard, ran: string[] = []): Promise<Server> {
  const app = fastify();
  app.addHook('onRequest', async (_request, reply) => {
    for (const [name, value] of HEADERS) reply.header(name, value);
    reply.header('set-cookie', COOKIES);
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-sent-by', 'the host');
    ran.push('onSend');
  });
  app.addHook('onResponse', async () => void ran.push('onResponse'));
  await app.register(guardFastify(guard), { prefix: '/v1' });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

function startHono(app: Hono): Promise<Server> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({ port, close: () => server.close() }),
    );
  });
}

/** The same call whole, as a stream, and refused. */
const answers = ['a whole answer', 'a stream', 'a denial', 'a refused upload'] as const;

async function call({ guard }: Fixture, port: number, kind: (typeof answers)[number]) {
  const denied = kind === 'a denial' || kind === 'a refused upload';
  const more = kind === 'a refused upload' ? { padding: 'x'.repeat(1_000_000) } : {};
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${denied ? 'wrong' : await tokenOf(guard)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(chat({ stream: kind === 'a stream', ...more })),
  });
  expect(response.status).toBe(denied ? 401 : 200);
  expect(await response.text()).not.toBe('');
  return response.headers;
}

describe.each(hosts)('Headers that $0 has set before the guard', (_, start) => {
  it.each(answers)('The host’s own headers and cookies are on %s', async (kind) => {
    await using fixture = await startFixture();
    const { port, close } = await start(fixture.guard);
    const headers = await call(fixture, port, kind);
    const kept = HEADERS.filter(([name]) => name !== 'vary' && name !== 'cache-control');
    expect(Object.fromEntries(headers)).toMatchObject(Object.fromEntries(kept));
    expect(headers.getSetCookie()).toEqual(COOKIES);
    // What the guard sets is the guard's, and a cache knows all that the answer varies by.
    expect(headers.get('cache-control')).toMatch(/^no-(store|cache)/);
    const varies = headers.get('vary')?.split(', ').sort();
    expect(varies).toEqual(['Accept-Encoding', 'Authorization', 'Origin']);
    await close();
  });
});

describe('The hooks of Fastify', () => {
  it.each(answers)('onSend and onResponse run for %s', async (kind) => {
    await using fixture = await startFixture();
    const ran: string[] = [];
    const { port, close } = await startFastify(fixture.guard, ran);
    expect((await call(fixture, port, kind)).get('x-sent-by')).toBe('the host');
    await expect.poll(() => ran).toEqual(['onSend', 'onResponse']);
    await close();
  });
});
