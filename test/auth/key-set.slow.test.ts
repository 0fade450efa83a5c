import { describe, expect, it } from 'vitest';
import { jwt, oidc } from '../../src/auth/index.ts';
import type { Fixture } from '../fixture.ts';
import { askWith, guardWith, outcomeOf, type TestClock, testClock } from './asking.ts';
import { type Behaviour, type JwksServer, serve, startJwksServer } from './jwks-server.ts';
import { jwksOf, newSigner, type Signer } from './keys.ts';
import { NOW_SECONDS } from './logins.ts';
import { sign } from './tokens.ts';

const ISSUER = 'https://login.example';
const SECOND = 1000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const [old, young, forger] = await Promise.all([
  newSigner('ES256', 'old'),
  newSigner('ES256', 'young'),
  newSigner('ES256', 'forger'),
]);

interface World extends AsyncDisposable {
  readonly server: JwksServer;
  readonly fixture: Fixture;
  readonly clock: TestClock;
  /** The status of a call with a new token of this key, or the denial code if it is rejected. */
  outcome(signer: Signer, kid?: string): Promise<number | string>;
}

async function startWorld(answer: Behaviour = serve(jwksOf(old))): Promise<World> {
  const server = await startJwksServer({ keys: [] });
  server.answer = answer;
  const clock = testClock();
  const options = { issuer: ISSUER, audience: 'app', algorithms: ['ES256' as const], clock };
  const fixture = await guardWith(jwt({ ...options, jwks: server.url }));
  let tokens = 0;
  return {
    server,
    fixture,
    clock,
    async outcome(signer, kid = signer.kid) {
      const exp = NOW_SECONDS + 30 * 86_400;
      const times = { iat: Math.floor(clock.ms / SECOND), exp };
      const claims = { iss: ISSUER, aud: 'app', sub: 'ada', ...times, jti: String(tokens++) };
      const token = await sign(signer, claims, { kid });
      const [status, code] = await outcomeOf(await askWith(fixture.guard, token));
      return code ?? status;
    },
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const down = serve('down', {}, 503);
const hang: Behaviour = () => {};
const cut: Behaviour = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"keys":[', () => response.destroy());
};
const redirect = (to: string) => serve('', { location: to }, 302);
const huge: Behaviour = (_request, response) => {
  response.writeHead(200);
  const mebibyte = ' '.repeat(1024 * 1024);
  const { keys } = jwksOf(old);
  response.end(`${mebibyte.repeat(10)}${JSON.stringify({ keys })}`);
};

describe('Keys at a URL', () => {
  it('Keys are fetched at the first token, once for all simultaneous calls', async () => {
    await using world = await startWorld();
    expect(world.server.requests).toEqual([]);
    expect(
      await world.fixture.guard.handler(new Request('http://app.test/v1/models')),
    ).toMatchObject({ status: 401 });
    expect(world.server.requests).toEqual([]);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => world.outcome(old)));
    expect(new Set(outcomes)).toEqual(new Set([200]));
    expect(world.server.requests).toEqual(['/jwks.json']);
  });

  it.each([
    ['no max-age', {}, 600],
    ['a max-age of an hour', { 'cache-control': 'public, max-age=3600, must-revalidate' }, 3_600],
    ['a max-age of a year', { 'cache-control': 'max-age=31536000' }, 86_400],
    ['a max-age of a second', { 'cache-control': 'max-age=1' }, 30],
    ['no-store', { 'cache-control': 'no-store, max-age=600' }, 30],
    ['an invalid max-age', { 'cache-control': 'max-age=-5' }, 600],
  ])('Keys are cached within bounds if the server sends %s', async (_name, headers, seconds) => {
    await using world = await startWorld(serve(jwksOf(old), headers));
    await world.outcome(old);
    world.clock.ms += seconds * SECOND - 1;
    expect(await world.outcome(old)).toBe(200);
    expect(world.server.requests).toHaveLength(1);
    world.clock.ms += 1;
    expect(await world.outcome(old)).toBe(200);
    await expect.poll(() => world.server.requests.length).toBe(2);
  });

  it('New keys are found, and removed keys no longer verify', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = serve(jwksOf(young));
    world.clock.ms += 30 * SECOND;
    expect(await world.outcome(young)).toBe(200);
    expect(await world.outcome(old)).toBe('invalid_credential');
    expect(world.server.requests).toHaveLength(2);
  });

  it('A key that the issuer withdrew verifies no token after the next fetch', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = serve(jwksOf(young));
    world.clock.ms += 600 * SECOND + 60 * SECOND;
    expect(await world.outcome(old)).toBe('invalid_credential');
  });

  it('A token of a new key gets 503 while no fetch is allowed, and is accepted then', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = serve(jwksOf(young));
    world.clock.ms += 6 * SECOND;
    const iat = world.clock.ms / SECOND;
    const claims = { iss: ISSUER, aud: 'app', sub: 'ada', iat, exp: iat + 3_600 };
    const early = await askWith(world.fixture.guard, await sign(young, claims));
    expect(await outcomeOf(early)).toEqual([503, 'auth_unavailable']);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThanOrEqual(24);
    expect(Number(early.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    world.clock.ms += 24 * SECOND;
    expect(await world.outcome(young)).toBe(200);
    expect(world.server.requests).toHaveLength(2);
  });

  it('200 forged key ids cause no fetch and no failed event while no fetch is allowed', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.clock.ms += SECOND;
    const forged = Array.from({ length: 200 }, (_, index) => world.outcome(forger, `k${index}`));
    expect(new Set(await Promise.all(forged))).toEqual(new Set(['auth_unavailable']));
    expect([world.server.requests.length, world.fixture.failed]).toEqual([1, []]);
    world.clock.ms += 29 * SECOND;
    expect(await world.outcome(forger, 'last')).toBe('invalid_credential');
    expect(world.server.requests).toHaveLength(2);
  });

  it('A token without an id of its key, or older than the key set, is rejected at once', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    const times = { iat: NOW_SECONDS - 1, exp: NOW_SECONDS + 60 };
    const claims = { iss: ISSUER, aud: 'app', sub: 'ada', ...times };
    world.clock.ms += SECOND;
    const nameless = await sign(forger, { ...claims, iat: NOW_SECONDS + 1 }, { kid: undefined });
    for (const token of [await sign(young, claims), nameless]) {
      const answer = await askWith(world.fixture.guard, token);
      expect(await outcomeOf(answer)).toEqual([401, 'invalid_credential']);
    }
  });

  it('A key without an algorithm or for encryption verifies only what it is meant for', async () => {
    const bare = { ...old.jwk, alg: undefined };
    await using world = await startWorld(serve({ keys: [bare, { ...young.jwk, use: 'enc' }] }));
    expect(await world.outcome(old)).toBe(200);
    expect(await world.outcome(young)).toBe('invalid_credential');
    expect(await world.outcome(forger, 'old')).toBe('invalid_credential');
  });
});

describe('An issuer that is down', () => {
  it.each([
    ['returns 503', down],
    ['closes the connection', cut],
    ['returns an HTML page', serve('<html>Sign in to the hotel’s network</html>')],
    ['returns an invalid key set', serve({ keys: 'all' })],
    ['returns an empty key set', serve({ keys: [] })],
    ['returns shared secrets', serve({ keys: [{ kty: 'oct', k: 'AAAA', kid: 'old' }] })],
    ['returns 10 MiB', huge],
    ['redirects', redirect('http://127.0.0.1:9/')],
  ])(
    'An issuer that %s causes 503, and 100 forged keys cause one fetch in 30 s',
    async (_name, answer) => {
      await using world = await startWorld(answer);
      const forge = (from: number) =>
        Promise.all(
          Array.from({ length: 50 }, (_, index) => world.outcome(forger, `kid-${from + index}`)),
        );
      const outcomes = [...(await forge(0)), ...(await forge(50)), await world.outcome(old)];
      expect(new Set(outcomes)).toEqual(new Set(['auth_unavailable']));
      expect(world.server.requests).toHaveLength(1);
      expect(world.fixture.failed[0]).toMatchObject({ source: 'auth' });
      world.clock.ms += 30 * SECOND - 1;
      expect(await world.outcome(old)).toBe('auth_unavailable');
      expect(world.server.requests).toHaveLength(1);
      world.clock.ms += 1;
      world.server.answer = serve(jwksOf(old));
      expect(await world.outcome(old)).toBe(200);
      expect(world.server.requests).toHaveLength(2);
    },
  );

  it('A redirect is not followed, not even to a valid key set', async () => {
    await using good = await startJwksServer(jwksOf(old));
    await using world = await startWorld(redirect(good.url));
    expect(await world.outcome(old)).toBe('auth_unavailable');
    expect(good.requests).toEqual([]);
  });

  it('A fetch that hangs is given up before the guard’s own deadline', async () => {
    await using world = await startWorld(hang);
    expect(await world.outcome(old)).toBe('auth_unavailable');
    expect(world.fixture.failed[0]?.error).toMatchObject({
      name: 'AuthenticationUnavailableError',
    });
  });

  it('Known keys verify for a day while the issuer is down, with one fetch in 30 s', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = down;
    world.clock.ms += HOUR;
    for (let index = 0; index < 100; index += 1) {
      expect(await world.outcome(forger, `kid-${index}`)).toBe('auth_unavailable');
      expect(await world.outcome(old)).toBe(200);
    }
    expect(world.server.requests).toHaveLength(2);
    world.clock.ms += DAY - HOUR;
    expect(await world.outcome(old)).toBe(200);
    world.clock.ms += HOUR;
    expect(await world.outcome(old)).toBe('auth_unavailable');
    world.server.answer = serve(jwksOf(young));
    world.clock.ms += 30 * SECOND;
    expect(await world.outcome(young)).toBe(200);
  });

  it('A call with a key that has just become stale does not wait for an issuer that hangs', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = hang;
    world.clock.ms += 600 * SECOND;
    const began = performance.now();
    expect(await world.outcome(old)).toBe(200);
    // Giving up takes 4 s, so a faster response did not wait.
    expect(performance.now() - began).toBeLessThan(3_000);
    await expect.poll(() => world.server.requests.length).toBe(2);
  });

  it('Setting the clock back causes no more fetches and does not extend the life of keys', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = serve(jwksOf(young));
    world.clock.ms -= HOUR;
    expect(await world.outcome(old)).toBe('invalid_credential');
    expect(await world.outcome(forger)).toBe('invalid_credential');
    expect(world.server.requests).toHaveLength(2);
  });
});

describe('The discovery document of oidc', () => {
  const claims = { aud: 'app', sub: 'ada', exp: NOW_SECONDS + 60 };

  async function outcomeWith(document: (origin: string) => unknown): Promise<[unknown, string[]]> {
    await using server = await startJwksServer({ keys: [] });
    const { origin } = server;
    server.answer = (request, response) =>
      serve(request.url === '/jwks.json' ? jwksOf(old) : document(origin))(request, response);
    const options = { issuer: origin, audience: 'app', algorithms: ['ES256' as const] };
    await using fixture = await guardWith(oidc({ ...options, clock: testClock() }));
    const token = await sign(old, { ...claims, iss: origin });
    const [status, code] = await outcomeOf(await askWith(fixture.guard, token));
    return [code ?? status, server.requests];
  }

  it('oidc finds the keys through the discovery document', async () => {
    const document = (origin: string) => ({ issuer: origin, jwks_uri: `${origin}/jwks.json` });
    expect(await outcomeWith(document)).toEqual([
      200,
      ['/.well-known/openid-configuration', '/jwks.json'],
    ]);
  });

  it.each<[string, (origin: string) => unknown]>([
    ['of another issuer', (at) => ({ issuer: 'https://eve.example', jwks_uri: `${at}/jwks.json` })],
    [
      'of an issuer with a slash added',
      (at) => ({ issuer: `${at}/`, jwks_uri: `${at}/jwks.json` }),
    ],
    ['without an issuer', (at) => ({ jwks_uri: `${at}/jwks.json` })],
    ['with keys over plain http', (at) => ({ issuer: at, jwks_uri: 'http://192.0.2.1/jwks.json' })],
    ['with keys in a file', (at) => ({ issuer: at, jwks_uri: 'file:///etc/passwd' })],
    ['without a key address', (at) => ({ issuer: at })],
    ['that is not an object', () => []],
  ])('A discovery document %s is rejected', async (_name, document) => {
    expect(await outcomeWith(document)).toEqual([
      'auth_unavailable',
      ['/.well-known/openid-configuration'],
    ]);
  });
});
