import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Hono } from 'hono';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { guardExpress } from '../../src/http/express.ts';
import { guardHono } from '../../src/http/hono.ts';
import { guardKoa } from '../../src/http/koa.ts';
import { guardNext } from '../../src/http/next.ts';
import { type Guard, toNodeHandler } from '../../src/index.ts';
import { chat, type Fixture, startFixture, tokenOf } from '../fixture.ts';

const BODY = JSON.stringify(chat({ stop: 'x'.repeat(100_000) }));
const PATH = '/v1/chat/completions';

async function expectRefused({ failed, fake }: Fixture, response: Response): Promise<void> {
  const { error } = (await response.json()) as { error: { message: string } };
  expect([response.status, response.headers.get('x-guard-code')]).toEqual([400, 'invalid_request']);
  expect(error.message).toContain('The server has read the body, or a part of it');
  expect(failed).toEqual([]);
  expect(fake.requests).toEqual([]);
}

const initOf = async (guard: Guard) => ({
  method: 'POST',
  headers: {
    authorization: `Bearer ${await tokenOf(guard)}`,
    'content-type': 'application/json',
  },
  body: BODY,
});

describe('A web Request whose body was taken before the guard', () => {
  const ways: [string, (request: Request) => unknown][] = [
    ['read', (request) => request.text()],
    [
      'half-read',
      async (request) => {
        const reader = request.body?.getReader();
        await reader?.read();
        reader?.releaseLock();
      },
    ],
    ['locked', (request) => request.body?.getReader()],
  ];
  const handlers: [string, (guard: Guard) => (request: Request) => Promise<Response>][] = [
    ['guard.handler', (guard) => (request) => guard.handler(request)],
    [
      'Next',
      (guard) => (request) => {
        const path = ['chat', 'completions'];
        return guardNext(guard).POST(request, { params: Promise.resolve({ path }) });
      },
    ],
    [
      'Hono',
      (guard) => async (request) => new Hono().all('/v1/*', guardHono(guard)).fetch(request),
    ],
  ];
  it.each(handlers.flatMap(([name, of]) => ways.map(([how, take]) => ({ name, how, of, take }))))(
    'A body that was $how before $name is refused with the reason, and not with 500',
    async ({ of, take }) => {
      await using fixture = await startFixture();
      const request = new Request(`http://app.test${PATH}`, await initOf(fixture.guard));
      await take(request);
      await expectRefused(fixture, await of(fixture.guard)(request));
    },
  );
});

describe('A request of node:http whose body was taken before the guard', () => {
  const ways: [string, (request: IncomingMessage) => Promise<unknown>][] = [
    ['read', (request) => once(request.resume(), 'end')],
    [
      'half-read',
      async (request) => {
        await once(request, 'data');
        request.pause();
      },
    ],
  ];
  type Take = (request: IncomingMessage) => Promise<unknown>;
  const hosts: [string, (guard: Guard, take: Take) => ReturnType<typeof toNodeHandler>][] = [
    [
      'node:http',
      (guard, take) => async (request, response) => {
        await take(request);
        await toNodeHandler(guard)(request, response);
      },
    ],
    [
      'Express',
      (guard, take) => async (request, response) => {
        const app = express();
        app.use(async (asked, _, next) => {
          await take(asked);
          next();
        });
        app.use('/v1', guardExpress(guard))(request, response);
      },
    ],
    [
      'Koa',
      (guard, take) =>
        new Koa()
          .use(async (context, next) => {
            await take(context.req);
            await next();
          })
          .use(guardKoa(guard, { prefix: '/v1' }))
          .callback(),
    ],
  ];
  it.each(hosts.flatMap(([name, of]) => ways.map(([how, take]) => ({ name, how, of, take }))))(
    'A body that was $how before $name is refused with the reason, and not with 500',
    async ({ of, take }) => {
      await using fixture = await startFixture();
      const server = createServer(of(fixture.guard, take));
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;
      const init = await initOf(fixture.guard);
      await expectRefused(fixture, await fetch(`http://127.0.0.1:${port}${PATH}`, init));
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  );
});
