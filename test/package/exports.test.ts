import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { denialCodes } from '../../src/core/denial.ts';
import build from '../../tsup.config.ts';
import vitestConfig from '../../vitest.config.ts';
import { ROOT } from './source.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { types: string; default: string } | string>>;
}

const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Manifest;

/** Every entry point, its source, and all that it exports at run time. */
const ENTRIES = [
  {
    entry: '.',
    source: 'src/index.ts',
    names: [
      'ANY_KEY',
      'LedgerError',
      'createGuardedCompletion',
      'denialCodes',
      'memoryLedger',
      'toNodeHandler',
    ],
  },
  {
    entry: './auth',
    source: 'src/auth/index.ts',
    names: [
      'AuthenticationUnavailableError',
      'accessTokens',
      'allOf',
      'anonymous',
      'anyOf',
      'appleSignIn',
      'auth0',
      'authenticate',
      'bearer',
      'bearerCredential',
      'betterAuth',
      'clerkAuth',
      'cognito',
      'firebaseAppCheck',
      'firebaseAuth',
      'jwt',
      'oidc',
      'supabaseAuth',
    ],
  },
  {
    entry: './billing',
    source: 'src/billing/index.ts',
    names: ['revenueCatWebhook', 'stripeMeter', 'stripeWebhook'],
  },
  { entry: './express', source: 'src/http/express.ts', names: ['guardExpress'] },
  { entry: './fastify', source: 'src/http/fastify.ts', names: ['guardFastify'] },
  { entry: './hono', source: 'src/http/hono.ts', names: ['guardHono'] },
  { entry: './koa', source: 'src/http/koa.ts', names: ['guardKoa'] },
  {
    entry: './postgres',
    source: 'src/ledger/postgres/postgres-ledger.ts',
    names: ['postgresLedger', 'postgresSchemaSql'],
  },
  {
    entry: './secrets',
    source: 'src/secrets/index.ts',
    names: [
      'awsSecret',
      'azureSecret',
      'cachedSecret',
      'dopplerSecret',
      'googleSecret',
      'onePasswordSecret',
      'vaultSecret',
    ],
  },
  { entry: './redis', source: 'src/ledger/redis/redis-ledger.ts', names: ['redisLedger'] },
  { entry: './safety', source: 'src/safety/safety-webhooks.ts', names: ['safetyWebhooks'] },
  { entry: './sqlite', source: 'src/ledger/sqlite/sqlite-ledger.ts', names: ['sqliteLedger'] },
  { entry: './next', source: 'src/http/next.ts', names: ['guardNext'] },
  { entry: './node', source: 'src/http/node.ts', names: ['serveNode', 'toNodeHandler'] },
  {
    entry: './testing',
    source: 'src/testing/index.ts',
    names: [
      'errorReply',
      'fakeOpenAI',
      'faultProxy',
      'headerOf',
      'ledgerConformance',
      'openAIErrors',
      'redirectTo',
      'signedWebhook',
    ],
  },
] as const;

const bundleOf = (entry: string) => (entry === '.' ? 'index' : entry.slice(2));

describe('the entry points', () => {
  it('package.json exports these, and itself, and nothing else', () => {
    const expected = ENTRIES.map(({ entry }) => [
      entry,
      { types: `./dist/${bundleOf(entry)}.d.ts`, default: `./dist/${bundleOf(entry)}.js` },
    ]);
    expect(manifest.exports).toEqual({
      ...Object.fromEntries(expected),
      './package.json': './package.json',
    });
    // A resolver takes the first condition that it knows.
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === 'object') expect(Object.keys(target)).toEqual(['types', 'default']);
    }
  });

  it('the build makes one bundle of each', () => {
    expect(build).toMatchObject({
      entry: Object.fromEntries(ENTRIES.map(({ entry, source }) => [bundleOf(entry), source])),
    });
  });

  it.each(ENTRIES)('tests that import $entry by name get $source', ({ entry, source }) => {
    const name = entry.replace('.', manifest.name);
    const aliases = vitestConfig({ command: 'serve', mode: 'test' }).resolve?.alias;
    const found = (Array.isArray(aliases) ? aliases : []).find(({ find }) =>
      new RegExp(find).test(name),
    );
    expect(found && name.replace(found.find, found.replacement)).toBe(`${ROOT}${source}`);
  });

  it.each(ENTRIES)('$entry exports exactly $names', async ({ source, names }) => {
    const module: object = await import(`${ROOT}${source}`);
    expect(Object.keys(module).sort()).toEqual([...names]);
  });
});

/** Code, status, `type`, `x-should-retry`: what apps rely on, written down a second time on purpose. */
const CODES: readonly (readonly [string, number, string, boolean?])[] = [
  ['invalid_request', 400, 'invalid_request_error'],
  ['parameter_not_allowed', 400, 'invalid_request_error'],
  ['model_not_priced', 400, 'invalid_request_error'],
  ['invalid_credential', 401, 'invalid_request_error'],
  ['expired_credential', 401, 'invalid_request_error'],
  ['user_blocked', 403, 'access_denied'],
  ['model_not_allowed', 403, 'access_denied'],
  ['endpoint_not_allowed', 403, 'access_denied'],
  ['unknown_endpoint', 404, 'invalid_request_error'],
  ['method_not_allowed', 405, 'invalid_request_error'],
  ['request_too_large', 413, 'invalid_request_error', false],
  ['unsupported_media_type', 415, 'invalid_request_error'],
  ['rate_limit_exceeded', 429, 'rate_limit_exceeded'],
  ['too_many_concurrent', 429, 'rate_limit_exceeded'],
  ['quota_exceeded', 429, 'insufficient_quota', false],
  ['budget_exceeded', 429, 'insufficient_quota', false],
  ['internal_error', 500, 'server_error', false],
  ['upstream_failed', 502, 'server_error'],
  ['service_budget_exceeded', 503, 'service_unavailable', false],
  ['ledger_unavailable', 503, 'service_unavailable'],
  ['upstream_account', 503, 'service_unavailable', false],
  ['upstream_busy', 503, 'service_unavailable'],
  ['auth_unavailable', 503, 'service_unavailable'],
  ['shutting_down', 503, 'service_unavailable'],
  ['upstream_timeout', 504, 'server_error', false],
];

describe('the denial codes', () => {
  it('are these, each with its status, type and whether to repeat', () => {
    const expected = CODES.map(([code, status, type, shouldRetry]) => [
      code,
      { status, type, ...(shouldRetry !== undefined && { shouldRetry }) },
    ]);
    expect(denialCodes).toStrictEqual(Object.fromEntries(expected));
  });

  it('are spelled one way each', () => {
    expect(new Set(CODES.map(([code]) => code)).size).toBe(CODES.length);
    expect(CODES.filter(([code]) => !/^[a-z]+(?:_[a-z]+)+$/.test(code))).toEqual([]);
  });
});
