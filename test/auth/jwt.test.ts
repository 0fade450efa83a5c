import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuthContext,
  type Authenticator,
  appleSignIn,
  auth0,
  betterAuth,
  clerkAuth,
  cognito,
  firebaseAppCheck,
  firebaseAuth,
  jwt,
  oidc,
  supabaseAuth,
} from '../../src/auth/index.ts';
import type { GuardRequest } from '../../src/index.ts';
import type { Fixture } from '../fixture.ts';
import { ask, askWith, guardWith, outcomeOf, testClock } from './asking.ts';
import { startJwksServer } from './jwks-server.ts';
import { jwksOf, newSigner, sharedSigner } from './keys.ts';
import { NOW_SECONDS } from './logins.ts';
import { type Json, sign } from './tokens.ts';

const secret = 'a shared secret of more than 32 bytes';
const signer = sharedSigner(secret);
const pair = await newSigner('ES256');
const options = { issuer: 'https://a.example', audience: 'app', algorithms: ['HS256'], secret };
const claims = { iss: 'https://a.example', aud: 'app', sub: 'ada', exp: NOW_SECONDS + 3_600 };

describe('Options that would accept too much', () => {
  const withKeys = { ...options, secret: undefined, algorithms: ['ES256'] };
  const jwks = jwksOf(pair);
  it.each<[string, Json, RegExp]>([
    ['no issuer', { ...options, issuer: undefined }, /"jwt\.issuer"/],
    ['an empty issuer', { ...options, issuer: '' }, /"jwt\.issuer"/],
    ['no audience', { ...options, audience: undefined }, /"jwt\.audience"/],
    ['an empty audience', { ...options, audience: '' }, /"jwt\.audience"/],
    ['an empty list of audiences', { ...options, audience: [] }, /"jwt\.audience"/],
    [
      'an empty string in a list of audiences',
      { ...options, audience: ['app', ''] },
      /"jwt\.audience/,
    ],
    ['no algorithms', { ...options, algorithms: undefined }, /"jwt\.algorithms"/],
    ['an empty list of algorithms', { ...options, algorithms: [] }, /"jwt\.algorithms"/],
    ['the algorithm none', { ...options, algorithms: ['HS256', 'none'] }, /"jwt\.algorithms\.1"/],
    ['an unknown algorithm', { ...options, algorithms: ['HS1'] }, /"jwt\.algorithms\.0"/],
    ['RS256 with a secret', { ...options, algorithms: ['HS256', 'RS256'] }, /"jwt\.algorithms"/],
    ['HS256 with public keys', { ...options, secret: undefined, jwks }, /"jwt\.algorithms"/],
    [
      'HS256 among the algorithms of public keys',
      { ...withKeys, algorithms: ['ES256', 'HS256'], jwks },
      /algorithms"/,
    ],
    ['neither keys nor a secret', { ...options, secret: undefined }, /"jwks" or "secret"/],
    ['both keys and a secret', { ...options, jwks }, /"jwks" or "secret"/],
    ['an empty secret', { ...options, secret: '' }, /"jwt\.secret"/],
    ['a short secret', { ...options, secret: 'x'.repeat(31) }, /"jwt\.secret"/],
    ['a short secret in bytes', { ...options, secret: new Uint8Array(31) }, /"jwt\.secret"/],
    ['a secret that is a number', { ...options, secret: 42 }, /"jwt\.secret"/],
    ['keys over plain http', { ...withKeys, jwks: 'http://a.example/jwks' }, /"jwt\.jwks"/],
    ['keys in a file', { ...withKeys, jwks: 'file:///etc/keys.json' }, /"jwt\.jwks"/],
    ['keys behind a password', { ...withKeys, jwks: 'https://a:b@a.example/' }, /"jwt\.jwks"/],
    ['keys at an invalid URL', { ...withKeys, jwks: 'jwks.json' }, /"jwt\.jwks"/],
    ['a set without keys', { ...withKeys, jwks: { keys: [] } }, /"jwt\.jwks"/],
    ['private keys', { ...withKeys, jwks: { keys: [{ ...pair.jwk, d: 'AAAA' }] } }, /"jwt\.jwks"/],
    ['one key instead of a set', { ...withKeys, jwks: pair.jwk }, /"jwt\.jwks"/],
    ['a skew beyond 30 s', { ...options, skew: '31s' }, /"jwt\.skew"/],
    ['a skew without a unit', { ...options, skew: '5' }, /"jwt\.skew"/],
    ['an unknown option', { ...options, audiences: ['app'] }, /"jwt"/],
    ['a user that is not a function', { ...options, user: 'ada' }, /"jwt\.user"/],
  ])('jwt() throws a TypeError that names the field for %s', (_name, wrong, message) => {
    expect(() => jwt(wrong as never)).toThrow(TypeError);
    expect(() => jwt(wrong as never)).toThrow(message);
  });

  it.each<[string, () => unknown]>([
    ['firebaseAuth.projectId', () => firebaseAuth({ projectId: '' })],
    ['supabaseAuth.url', () => supabaseAuth({ url: 'http://a.example' })],
    [
      'supabaseAuth.legacySecret',
      () => supabaseAuth({ url: 'https://a.example', legacySecret: 'x' }),
    ],
    [
      'supabaseAuth.legacySecret',
      () => supabaseAuth({ url: 'https://a.example', legacySecret: process.env['NOT_SET'] }),
    ],
    ['clerkAuth.issuer', () => clerkAuth({ issuer: 'clerk.my-app.com' })],
    ['clerkAuth.issuer', () => clerkAuth({ issuer: 'https://clerk.my-app.com/' })],
    ['auth0.domain', () => auth0({ domain: 'https://a.example', audience: 'app' })],
    ['auth0.audience', () => auth0({ domain: 'a.example', audience: '' })],
    [
      'cognito.region',
      () => cognito({ region: '', userPoolId: 'a_B', clientId: 'c', tokenUse: 'id' }),
    ],
    [
      'cognito.userPoolId',
      () => cognito({ region: 'r', userPoolId: 'a/b', clientId: 'c', tokenUse: 'id' }),
    ],
    [
      'cognito.tokenUse',
      () => cognito({ region: 'r', userPoolId: 'a_B', clientId: 'c', tokenUse: '' as 'id' }),
    ],
    ['betterAuth.baseURL', () => betterAuth({ baseURL: 'http://a.example' })],
    [
      'betterAuth.algorithms.0',
      () => betterAuth({ baseURL: 'https://a.example', algorithms: ['HS256'] }),
    ],
    ['appleSignIn.clientId', () => appleSignIn({ clientId: [] })],
    ['oidc.issuer', () => oidc({ issuer: 'http://a.example', audience: 'app' })],
    [
      'oidc.algorithms.0',
      () => oidc({ issuer: 'https://a.example', audience: 'app', algorithms: ['HS256'] }),
    ],
    ['firebaseAppCheck.projectNumber', () => firebaseAppCheck({ projectNumber: 'my-app' })],
    ['firebaseAppCheck.appIds', () => firebaseAppCheck({ projectNumber: '1', appIds: [] })],
  ])('The option %s is checked at startup', (field, start) => {
    expect(start).toThrow(TypeError);
    expect(start).toThrow(`"${field}"`);
  });
});

/** What an authenticator returns for a token, without a guard around it. */
function answerOf(auth: Authenticator, token: string) {
  const request = { header: () => `Bearer ${token}` } as unknown as GuardRequest;
  return auth.authenticate(request, {} as AuthContext);
}

describe('jwt', () => {
  const clock = testClock();
  let fixture: Fixture;
  const auth = jwt({ ...options, algorithms: ['HS256'], clock });
  beforeAll(async () => {
    fixture = await guardWith(auth);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('jwt() skips tokens of other issuers and decides on tokens of its own issuer', async () => {
    for (const foreign of ['opaque', 'a.b', 'a.b.c', 'gct_x', 'a.b.c.d.e', '']) {
      expect(await answerOf(auth, foreign)).toBeUndefined();
    }
    const other = await sign(signer, { ...claims, iss: 'https://b.example' });
    expect(await answerOf(auth, other)).toBeUndefined();
    const forged = await sign(sharedSigner('another'), claims);
    expect(await answerOf(auth, forged)).toMatchObject({ code: 'invalid_credential' });
    expect(await answerOf(auth, await sign(signer, claims))).toEqual({
      user: { id: 'ada', claims },
      expiresAtMs: claims.exp * 1000,
    });
  });

  it('jwt() rejects a token with another algorithm, even if its own key signed it', async () => {
    const [head = '', body = ''] = (await sign(signer, claims, { alg: 'HS512' })).split('.');
    const signature = createHmac('sha512', secret).update(`${head}.${body}`).digest('base64url');
    const token = `${head}.${body}.${signature}`;
    expect(await answerOf(auth, token)).toMatchObject({ code: 'invalid_credential' });
    const both = jwt({ ...options, algorithms: ['HS256', 'HS512'], clock });
    expect(await answerOf(both, token)).toMatchObject({ user: { id: 'ada' } });
  });

  it('jwt() reads no token from the URL or a cookie', async () => {
    const token = await sign(signer, claims);
    for (const name of ['token', 'access_token', 'api_key', 'authorization', 'id_token']) {
      const url = `http://app.test/v1/models?${name}=${token}`;
      const answer = await fixture.guard.handler(new Request(url));
      expect([name, ...(await outcomeOf(answer))]).toEqual([name, 401, 'invalid_credential']);
    }
    expect(JSON.stringify([fixture.denied, fixture.failed])).not.toContain(token);
    expect(await outcomeOf(await ask(fixture.guard, { cookie: `token=${token}` }))).toEqual([
      401,
      'invalid_credential',
    ]);
  });

  it('jwt() never confuses the users of 10⁴ pairs of similar tokens', async () => {
    const pairs = 10_000;
    for (let index = 0; index < pairs; index += 1) {
      const names = [`user-${index}`, `user-${index}x`];
      const tokens = await Promise.all(
        names.map((sub) => sign(signer, { iss: claims.iss, aud: 'app', exp: claims.exp, sub })),
      );
      const answers = [];
      for (const token of [...tokens, ...tokens]) answers.push(await answerOf(auth, token));
      const ids = answers.map((answer) => answer && 'user' in answer && answer.user.id);
      expect(ids).toEqual([...names, ...names]);
    }
  }, 60_000);

  it('jwt() remembers a verified token for 30 s by its full text', async () => {
    const first = await newSigner('ES256', 'key');
    await using server = await startJwksServer(jwksOf(first));
    const time = testClock();
    const keyed = jwt({
      ...{ issuer: claims.iss, audience: 'app', algorithms: ['ES256'] },
      jwks: new URL(server.url),
      clock: time,
    });
    const token = await sign(first, { ...claims, exp: NOW_SECONDS + 315_360_000 });
    const identity = await answerOf(keyed, token);
    // A token may last for ten years, but its key is fetched again and again.
    server.answer = (_request, response) => {
      response.end(JSON.stringify(jwksOf(pair)));
    };
    time.ms += 29_999;
    expect(answerOf(keyed, token)).toBe(identity);
    const changed = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    expect(await answerOf(keyed, changed)).toMatchObject({ code: 'invalid_credential' });
    time.ms += 661_000;
    expect(await answerOf(keyed, token)).toMatchObject({ code: 'invalid_credential' });
  });

  it('jwt() enforces requiredClaims, typ and user', async () => {
    const strict = jwt({
      ...options,
      algorithms: ['HS256'],
      clock,
      requiredClaims: ['scope'],
      typ: 'at+jwt',
      user: ({ uid, scope }) => (scope === 'chat' ? { id: String(uid) } : undefined),
    });
    const answer = async (more: Json, typ: unknown) =>
      answerOf(strict, await sign(signer, { ...claims, uid: 7, ...more }, { typ }));
    expect(await answer({ scope: 'chat' }, 'application/AT+JWT')).toMatchObject({
      user: { id: '7' },
    });
    for (const [more, typ] of [
      [{ scope: 'chat' }, 'JWT'],
      [{ scope: 'chat' }, undefined],
      [{ scope: 'other' }, 'at+jwt'],
      [{}, 'at+jwt'],
    ] as const) {
      expect(await answer(more, typ)).toMatchObject({ code: 'invalid_credential' });
    }
  });

  it('A call fails when the app’s own "user" function throws', async () => {
    const user = () => {
      throw new Error('no database');
    };
    await using broken = await guardWith(jwt({ ...options, algorithms: ['HS256'], clock, user }));
    const token = await sign(signer, claims);
    expect(await outcomeOf(await askWith(broken.guard, token))).toEqual([500, 'internal_error']);
  });

  it('jwt() accepts a skew of up to 30 s', async () => {
    const token = await sign(signer, { ...claims, nbf: NOW_SECONDS + 30 });
    const answer = (skew: string) =>
      answerOf(jwt({ ...options, algorithms: ['HS256'], clock, skew }), token);
    expect(await answer('30s')).toMatchObject({ user: { id: 'ada' } });
    for (const skew of ['29s', '1ms']) {
      expect(await answer(skew)).toMatchObject({ code: 'invalid_credential' });
    }
  });
});
