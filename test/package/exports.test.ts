import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { entries } from '../../.ci/entries.ts';
import { denialCodes } from '../../src/core/denial.ts';
import build from '../../tsup.config.ts';
import { ROOT } from './source.ts';

/** All that each entry exports at run time, written down a second time on purpose. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  '.': [
    'ANY_KEY',
    'LedgerError',
    'createGuardedCompletion',
    'denialCodes',
    'denyRequest',
    'memoryLedger',
    'moderate',
    'readPrices',
    'toNodeHandler',
  ],
  './alerts': ['alertWebhook'],
  './auth': [
    'AuthenticationUnavailableError',
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
    'userTokens',
  ],
  './billing': ['revenueCatWebhook', 'stripeMeter', 'stripeWebhook'],
  './express': ['guardExpress'],
  './fastify': ['guardFastify'],
  './hono': ['guardHono'],
  './koa': ['guardKoa'],
  './postgres': ['postgresLedger', 'postgresSchemaSql'],
  './secrets': [
    'awsSecret',
    'azureSecret',
    'cachedSecret',
    'dopplerSecret',
    'googleSecret',
    'onePasswordSecret',
    'vaultSecret',
  ],
  './redis': ['redisLedger'],
  './safety': ['safetyWebhooks'],
  './sqlite': ['sqliteLedger'],
  './next': ['guardNext'],
  './node': ['serveNode', 'toNodeHandler'],
  './testing': [
    'errorReply',
    'fakeOpenAI',
    'faultProxy',
    'headerOf',
    'ledgerConformance',
    'openAIErrors',
    'redirectTo',
    'signedWebhook',
  ],
  './upstreams': ['azureOpenAI', 'openAI', 'openAICompatible', 'openRouter'],
};

/** The options that tests and examples are checked with. */
const TYPES = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${ROOT}tsconfig.test.json`, ts.sys.readFile).config,
  ts.sys,
  ROOT,
).options;

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
}

const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Manifest;

describe('the entry points', () => {
  it('package.json exports these, and itself, and nothing else', () => {
    const files = entries.map(({ path, bundle }) => [
      path,
      {
        import: { types: `./dist/${bundle}.d.ts`, default: `./dist/${bundle}.js` },
        require: { types: `./dist/${bundle}.d.cts`, default: `./dist/${bundle}.cjs` },
      },
    ]);
    expect(entries.map(({ path }) => path).sort()).toEqual(Object.keys(NAMES).sort());
    expect(manifest.exports).toEqual({
      ...Object.fromEntries(files),
      './package.json': './package.json',
    });
    // A resolver takes the first condition that it knows.
    const conditions = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'object' ? Object.values(target ?? {}) : [],
    );
    for (const condition of conditions) {
      expect(Object.keys(condition ?? {})).toEqual(['types', 'default']);
    }
  });

  it('TypeScript finds the types of each where it knows no exports', () => {
    const others = entries.filter(({ path }) => path !== '.');
    const places = others.map(({ bundle }) => [bundle, [`./dist/${bundle}.d.cts`]]);
    expect(manifest).toMatchObject({
      main: './dist/index.cjs',
      types: './dist/index.d.cts',
      typesVersions: { '*': Object.fromEntries(places) },
    });
  });

  it('the build makes one bundle of each', () => {
    expect(build).toMatchObject({
      entry: Object.fromEntries(entries.map(({ bundle, source }) => [bundle, source])),
    });
  });

  it.each(entries)('tests that import $specifier get $source', async ({ specifier, source }) => {
    expect(await import(specifier)).toBe(await import(`${ROOT}${source}`));
  });

  it.each(entries)('$specifier is checked on $source', ({ specifier, source }) => {
    const { resolvedModule } = ts.resolveModuleName(specifier, `${ROOT}test/a.ts`, TYPES, ts.sys);
    expect(resolvedModule?.resolvedFileName).toBe(`${ROOT}${source}`);
  });

  it.each(entries)('$specifier exports what is written here', async ({ path, source }) => {
    const module: object = await import(`${ROOT}${source}`);
    expect(Object.keys(module).sort()).toEqual(NAMES[path]);
  });
});

/** Code, status, `type`, `x-should-retry`: what apps rely on, written down a second time on purpose. */
const CODES: readonly (readonly [string, number, string, boolean?])[] = [
  ['invalid_request', 400, 'invalid_request_error'],
  ['parameter_not_allowed', 400, 'invalid_request_error'],
  ['model_not_priced', 400, 'invalid_request_error'],
  ['call_exceeds_limit', 400, 'invalid_request_error', false],
  ['invalid_credential', 401, 'invalid_request_error'],
  ['expired_credential', 401, 'invalid_request_error'],
  ['user_blocked', 403, 'access_denied'],
  ['group_blocked', 403, 'access_denied'],
  ['model_not_allowed', 403, 'access_denied'],
  ['model_restricted', 403, 'access_denied'],
  ['endpoint_not_allowed', 403, 'access_denied'],
  ['cross_site_request', 403, 'access_denied'],
  ['request_denied', 403, 'access_denied'],
  ['unknown_endpoint', 404, 'invalid_request_error'],
  ['method_not_allowed', 405, 'invalid_request_error'],
  ['request_too_large', 413, 'invalid_request_error', false],
  ['unsupported_media_type', 415, 'invalid_request_error'],
  ['rate_limit_exceeded', 429, 'rate_limit_exceeded'],
  ['too_many_invalid_requests', 429, 'rate_limit_exceeded'],
  ['too_many_body_bytes', 429, 'rate_limit_exceeded'],
  ['too_many_concurrent', 429, 'rate_limit_exceeded'],
  ['quota_exceeded', 429, 'insufficient_quota', false],
  ['budget_exceeded', 429, 'insufficient_quota', false],
  ['group_limit_exceeded', 429, 'insufficient_quota', false],
  ['internal_error', 500, 'server_error', false],
  ['upstream_failed', 502, 'server_error'],
  ['service_budget_exceeded', 503, 'service_unavailable', false],
  ['ledger_unavailable', 503, 'service_unavailable'],
  ['server_busy', 503, 'service_unavailable'],
  ['upstream_account', 503, 'service_unavailable', false],
  ['upstream_busy', 503, 'service_unavailable'],
  ['auth_unavailable', 503, 'service_unavailable'],
  ['hook_unavailable', 503, 'service_unavailable'],
  ['service_stopped', 503, 'service_unavailable', false],
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
