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

/** Compiled, never run: each host takes its adapter as it is, without a cast. */
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

/** Bun's server, as far as it is needed here. */
declare const Bun: {
  serve(options: { fetch(request: Request): Response | Promise<Response> }): void;
};

/** The shape that Next generates its checks of a catch-all route from. */
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
  // @ts-expect-error a prefix is text
  toNodeHandler(guard, { prefix: /v1/ });
  // @ts-expect-error an unknown option
  guardKoa(guard, { path: '/v1' });
  // @ts-expect-error Express mounts it at a path itself
  guardExpress(guard, { prefix: '/v1' });
  // @ts-expect-error a middleware of Koa is none of Express
  express().use('/v1', guardKoa(guard));
  // @ts-expect-error a handler of node:http is none of Hono
  new Hono().all('/v1/*', toNodeHandler(guard));
}
