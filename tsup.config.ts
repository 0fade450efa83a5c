import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    auth: 'src/auth/index.ts',
    billing: 'src/billing/index.ts',
    express: 'src/http/express.ts',
    fastify: 'src/http/fastify.ts',
    hono: 'src/http/hono.ts',
    koa: 'src/http/koa.ts',
    next: 'src/http/next.ts',
    node: 'src/http/node.ts',
    testing: 'src/testing/index.ts',
    postgres: 'src/ledger/postgres/postgres-ledger.ts',
    redis: 'src/ledger/redis/redis-ledger.ts',
    safety: 'src/safety/safety-webhooks.ts',
    secrets: 'src/secrets/index.ts',
    sqlite: 'src/ledger/sqlite/sqlite-ledger.ts',
  },
  format: 'esm',
  target: 'node22',
  platform: 'node',
  splitting: true,
  clean: true,
  // Without its `node:` nobody finds node:sqlite.
  removeNodeProtocol: false,
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
});
