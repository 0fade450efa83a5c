// Every entry of the package, as an app in CommonJS imports it. `check.mjs` makes an ES module of it, too.
import express = require('express');

import { createGuardedCompletion, LedgerError } from 'guarded-completion';
import { anyOf, firebaseAuth, userTokens } from 'guarded-completion/auth';
import { revenueCatWebhook, stripeWebhook } from 'guarded-completion/billing';
import { guardExpress } from 'guarded-completion/express';
import { guardFastify } from 'guarded-completion/fastify';
import { guardHono } from 'guarded-completion/hono';
import { guardKoa } from 'guarded-completion/koa';
import { guardNext } from 'guarded-completion/next';
import { toNodeHandler } from 'guarded-completion/node';
import { postgresLedger } from 'guarded-completion/postgres';
import { redisLedger } from 'guarded-completion/redis';
import { safetyWebhooks } from 'guarded-completion/safety';
import * as secrets from 'guarded-completion/secrets';
import { sqliteLedger } from 'guarded-completion/sqlite';
import { fakeOpenAI } from 'guarded-completion/testing';
import { openAI } from 'guarded-completion/upstreams';
import { Redis } from 'ioredis';

export const guard = createGuardedCompletion({
  apiKey: process.env.OPENAI_API_KEY,
  secret: process.env.GUARD_SECRET,
  auth: anyOf(userTokens(), firebaseAuth({ projectId: 'my-app' })),
  ledger: redisLedger(new Redis({ lazyConnect: true })),
  plans: { free: { models: ['gpt-5-mini'], limits: [{ requests: 15, per: '24h' }] } },
});
guard.on('settled', (event) => void event.costNanoUsd.toFixed());

export const app = express();
app.use('/v1', guardExpress(guard));

export const answer: Promise<string | null | undefined> = guard
  .client('ada')
  .chat.completions.create({ model: 'gpt-5-mini', messages: [] })
  .then(({ choices }) => choices[0]?.message.content);

export const others = [
  LedgerError,
  fakeOpenAI,
  guardFastify,
  guardHono,
  guardKoa,
  guardNext,
  openAI,
  postgresLedger,
  revenueCatWebhook,
  safetyWebhooks,
  secrets,
  sqliteLedger,
  stripeWebhook,
  toNodeHandler,
];
