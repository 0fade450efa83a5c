import { registerHooks } from 'node:module';

/** For `node --import`: the package's name means its source, so that no build has to come first. */
const SOURCES: Readonly<Record<string, string>> = {
  '': 'index',
  auth: 'auth/index',
  billing: 'billing/index',
  secrets: 'secrets/index',
  safety: 'safety/safety-webhooks',
  testing: 'testing/index',
  postgres: 'ledger/postgres/postgres-ledger',
  redis: 'ledger/redis/redis-ledger',
  sqlite: 'ledger/sqlite/sqlite-ledger',
};

registerHooks({
  resolve(specifier, context, nextResolve) {
    const [name, entry = ''] = specifier.split('/');
    if (name !== 'guarded-completion') return nextResolve(specifier, context);
    const source = SOURCES[entry] ?? `http/${entry}`;
    return nextResolve(new URL(`../../src/${source}.ts`, import.meta.url).href, context);
  },
});
