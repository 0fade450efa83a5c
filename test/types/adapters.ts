import { createServer } from 'node:http';
import Router from '@koa/router';
import express from 'express';
import fastify from 'fastify';
import type { Guard } from 'guarded-completion';
import { guardExpress } from 'guarded-completion/express';
import { guardFastify } from 'guarded-completion/fastify';
import { guardHono } from 'guarded-completion/hono';
import { guardKoa } from 'guarded-completion/koa';
import { guardNext } from 'guarded-completion/next';
import { type NodeHandler, toNodeHandler } from 'guarded-completion/node';
import { Hono } from 'hono';
import Koa from 'koa';
import { assertType, type Equal } from './assert.ts';

/** Compiled, never run: each host accepts its adapter without a cast. */
export function hosts(guard: Guard): void {
  createServer(toNodeHandler(guard));
  createServer(toNodeHandler(guard, { prefix: '/v1' }));
  express().use('/v1', guardExpress(guard));
  express().post('/v1/chat/completions', express.json(), guardExpress(guard));
  void fastify().register(guardFastify(guard), { prefix: '/v1' });
  new Hono().all('/v1/*', guardHono(guard));
  new Hono<{ Variables: { user: string } }>().basePath('/api').all('/*', guardHono(guard));
  new Koa().use(guardKoa(guard, { prefix: '/v1' }));
  new Koa<{ user: string }>().use(guardKoa(guard));
  new Router().all('/v1/*path', guardKoa(guard, { prefix: '/v1' }));
  Bun.serve({ fetch: (request) => guard.handler(request, { prefix: '/v1' }) });
}

/** The server of Bun, as far as it is needed here. */
declare const Bun: {
  serve(options: { fetch(request: Request): Response | Promise<Response> }): void;
};

/** The shape from which Next generates its checks of a catch-all route. */
type NextRoute = (
  request: Request,
  context: { params: Promise<{ path: string[] }> },
) => Promise<Response> | Response;

export function nextRoutes(guard: Guard): readonly NextRoute[] {
  const handlers = guardNext(guard);
  assertType<Equal<keyof typeof handlers, 'GET' | 'POST' | 'OPTIONS'>>();
  return [handlers.GET, handlers.POST, handlers.OPTIONS];
}

export function refused(guard: Guard): void {
  assertType<Equal<ReturnType<typeof toNodeHandler>, NodeHandler>>();
  // @ts-expect-error options of the guard are not a guard
  toNodeHandler({ apiKey: 'sk-example' });
  // @ts-expect-error a prefix is a string
  toNodeHandler(guard, { prefix: /v1/ });
  // @ts-expect-error an unknown option
  guardKoa(guard, { path: '/v1' });
  // @ts-expect-error Express mounts the guard at a path itself
  guardExpress(guard, { prefix: '/v1' });
  // @ts-expect-error a Koa middleware is not an Express middleware
  express().use('/v1', guardKoa(guard));
  // @ts-expect-error a node:http handler is not a Hono handler
  new Hono().all('/v1/*', toNodeHandler(guard));
}
