import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createGuardedCompletion, type Guard, type Ledger } from 'guarded-completion';
import { guardExpress } from 'guarded-completion/express';
import type { Upstream } from './upstream.ts';

export const MODEL = 'gpt-5-mini';

export interface Backend {
  readonly guard: Guard;
  readonly origin: string;
  /** Stands for the app's database of plans. A purchase changes it. */
  readonly planOfUser: Map<string, string>;
  close(): Promise<void>;
}

/** The backend that a developer already has, with the guard mounted at `/v1`. */
export async function startBackend(
  upstream: Upstream,
  { ledger, port = 0 }: { ledger: Ledger | undefined; port?: number },
): Promise<Backend> {
  const planOfUser = new Map<string, string>();
  const guard = createGuardedCompletion({
    apiKey: upstream.apiKey,
    ...(upstream.baseURL !== undefined && { baseURL: upstream.baseURL }),
    ...(ledger !== undefined && { ledger }),
    secret: process.env['GUARD_SECRET'] ?? randomBytes(48),
    plans: {
      free: {
        models: [MODEL],
        maxOutputTokens: 500,
        limits: [{ requests: 3, per: '24h' }, { usd: 0.05, per: 'day' }, { concurrent: 2 }],
      },
      pro: {
        models: ['gpt-5*'],
        maxOutputTokens: 2_000,
        limits: [
          { requests: 1_000, per: '24h' },
          { usd: 5, per: 'month' },
        ],
      },
    },
    planOf: (user) => planOfUser.get(user.id) ?? 'free',
    limits: [{ usd: 20, per: 'day' }],
  });

  const app = express();
  // Stands for the app's existing login.
  app.post('/login/:user', async (request, response) => {
    response.json(await guard.tokens.issue({ user: request.params.user, ttl: '1h' }));
  });
  app.use('/v1', guardExpress(guard));

  const server = createServer(app).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    guard,
    planOfUser,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await guard.close({ graceMs: 1_000 });
      server.close();
      server.closeAllConnections();
    },
  };
}
