import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/index.ts';
import { type JwksServer, startJwksServer } from '../auth/jwks-server.ts';
import { jwksOf, newSigner, type Signer } from '../auth/keys.ts';
import { type Json, sign } from '../auth/tokens.ts';
import { watchToken } from '../canary.ts';
import { canaries, chat } from '../fixture.ts';
import { startPostgres } from '../ledger/servers/postgres-server.ts';
import { redisBinary, startRedis } from '../ledger/servers/redis-server.ts';
import { type BackendProcess, startBackend } from './backend-process.ts';

let fake: FakeOpenAI;
let keys: JwksServer;
let signer: Signer;
beforeAll(async () => {
  fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  signer = await newSigner('RS256');
  keys = await startJwksServer(jwksOf(signer));
});
afterAll(() => Promise.all([fake.close(), keys[Symbol.asyncDispose]()]));

const times = () => {
  const now = Math.floor(Date.now() / 1000);
  return { iat: now - 5, exp: now + 3_600 };
};
const token = (claims: Json, header: Json = {}) => sign(signer, { ...times(), ...claims }, header);

async function post({ origin }: BackendProcess, path: string, headers: Record<string, string>) {
  const body = path === '/token' ? null : JSON.stringify(chat());
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { ...headers, ...(body !== null && { 'content-type': 'application/json' }) },
    body,
  });
  return { response, code: response.headers.get('x-guard-code') ?? response.status };
}

const call = async (backend: BackendProcess, credential?: string) => {
  const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
  const { response, code } = await post(backend, '/v1/chat/completions', headers as never);
  await response.text();
  return [code, response.headers.get('ratelimit-policy')?.match(/q=(\d+)/)?.[1]];
};

/** The first call may be rejected while the store is still connecting. */
const firstCall = (backend: BackendProcess, credential: string) =>
  expect.poll(() => call(backend, credential));

async function endsWell(backend: BackendProcess): Promise<void> {
  backend.terminate();
  expect(await backend.ended).toEqual({ code: 0, signal: null, stderr: '' });
}

describe('An example with a login', () => {
  it('fastify-firebase accepts an ID token, and the user token that a genuine app gets for it', async (context) => {
    const binary = redisBinary();
    if (binary === undefined) return context.skip('there is no redis-server');
    const redis = await startRedis(binary);
    await using backend = await startBackend('examples/fastify-firebase/main.ts', fake.baseURL, {
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      FIREBASE_PROJECT_ID: 'my-app',
      FIREBASE_PROJECT_NUMBER: '123456789012',
      FIREBASE_JWKS: keys.url,
      APP_CHECK_JWKS: keys.url,
    });
    const issued = { iss: 'https://securetoken.google.com/my-app', aud: 'my-app' };
    const idToken = (sub: string, more: Json = {}) =>
      token({ ...issued, auth_time: times().iat, sub, firebase: {}, ...more });
    const appToken = await token({
      iss: 'https://firebaseappcheck.googleapis.com/123456789012',
      aud: ['projects/123456789012', 'projects/my-app'],
      sub: '1:123456789012:android:321abc456def7890',
    });
    await firstCall(backend, await idToken('ada')).toEqual([200, '20']);
    expect(await call(backend, await idToken('eve', { plan: 'pro' }))).toEqual([200, '500']);
    const guest = { firebase: { sign_in_provider: 'anonymous' } };
    expect(await call(backend, await idToken('guest', guest))).toEqual([200, '3']);
    expect(await call(backend, await idToken('ada', { aud: 'another-app' }))).toEqual([
      'invalid_credential',
      undefined,
    ]);
    const authorization = `Bearer ${await idToken('ada')}`;
    expect((await post(backend, '/token', { authorization })).code).toBe('invalid_credential');
    const both = { authorization, 'x-firebase-appcheck': appToken };
    const { response } = await post(backend, '/token', both);
    const { value } = (await response.json()) as { value: string };
    expect(await call(backend, watchToken(value))).toEqual([200, '20']);
    await endsWell(backend);
    await redis.close();
  });

  it('next-supabase accepts a Supabase session and counts it in Postgres', async (context) => {
    const postgres = await startPostgres();
    if (postgres === undefined) return context.skip('there is no postgres');
    await using backend = await startBackend('test/examples/next-supabase-host.ts', fake.baseURL, {
      DATABASE_URL: postgres.url,
      SUPABASE_URL: keys.origin,
    });
    const session = (sub: string, more: Json = {}) =>
      token({
        iss: `${keys.origin}/auth/v1`,
        aud: 'authenticated',
        role: 'authenticated',
        sub,
        ...more,
      });
    await firstCall(backend, await session('ada')).toEqual([200, '20']);
    const wishful = { user_metadata: { plan: 'pro' } };
    expect(await call(backend, await session('eve', wishful))).toEqual([200, '20']);
    const paying = { app_metadata: { plan: 'pro' } };
    expect(await call(backend, await session('bob', paying))).toEqual([200, '500']);
    expect(await call(backend, await session('guest', { is_anonymous: true }))).toEqual([200, '3']);
    const anonKey = await token({ iss: 'supabase', role: 'anon' });
    expect(await call(backend, anonKey)).toEqual(['invalid_credential', undefined]);
    await endsWell(backend);
    await postgres.close();
  });

  it('hono-clerk accepts a Clerk session with its plan, and serves guests by their address', async () => {
    await using backend = await startBackend('examples/hono-clerk/main.ts', fake.baseURL, {
      CLERK_ISSUER: keys.origin,
      APP_ORIGIN: 'https://my-app.com',
    });
    const session = (sub: string, more: Json = {}) =>
      token({
        iss: keys.origin,
        azp: 'https://my-app.com',
        sid: 'sess_1',
        nbf: times().iat,
        sub,
        ...more,
      });
    expect(await call(backend, await session('user_ada'))).toEqual([200, '20']);
    expect(await call(backend, await session('user_eve', { pla: 'u:pro' }))).toEqual([200, '500']);
    expect(await call(backend, await session('user_bob', { azp: 'https://evil.com' }))).toEqual([
      'invalid_credential',
      undefined,
    ]);
    const guest = [];
    for (let attempt = 0; attempt < 4; attempt += 1) guest.push((await call(backend))[0]);
    expect(guest).toEqual([200, 200, 200, 'quota_exceeded']);
    await endsWell(backend);
  });
});
