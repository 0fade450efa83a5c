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
  /** Whether a new token of this key is served, and else why not. */
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
      const claims = { iss: ISSUER, aud: 'app', sub: 'ada', exp, jti: String(tokens++) };
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

describe('keys at a URL', () => {
  it('are asked for by the first token, once for all that come at the same time', async () => {
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
    ['nothing', {}, 600],
    ['an hour', { 'cache-control': 'public, max-age=3600, must-revalidate' }, 3_600],
    ['a year', { 'cache-control': 'max-age=31536000' }, 86_400],
    ['a second', { 'cache-control': 'max-age=1' }, 30],
    ['not at all', { 'cache-control': 'no-store, max-age=600' }, 30],
    ['nonsense', { 'cache-control': 'max-age=-5' }, 600],
  ])('are kept within bounds when the server says %s', async (_name, headers, seconds) => {
    await using world = await startWorld(serve(jwksOf(old), headers));
    await world.outcome(old);
    world.clock.ms += seconds * SECOND - 1;
    expect(await world.outcome(old)).toBe(200);
    expect(world.server.requests).toHaveLength(1);
    world.clock.ms += 1;
    expect(await world.outcome(old)).toBe(200);
    await expect.poll(() => world.server.requests.length).toBe(2);
  });

  it('that are new are found, and those that are gone no longer verify', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = serve(jwksOf(young));
    world.clock.ms += 30 * SECOND;
    expect(await world.outcome(young)).toBe(200);
    expect(await world.outcome(old)).toBe('invalid_credential');
    expect(world.server.requests).toHaveLength(2);
  });

  it('that the issuer withdrew verify for no token after they were fetched again', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = serve(jwksOf(young));
    world.clock.ms += 600 * SECOND + 60 * SECOND;
    expect(await world.outcome(old)).toBe('invalid_credential');
  });

  it('A24 without an algorithm, or for encryption, serve only what they are for', async () => {
    const bare = { ...old.jwk, alg: undefined };
    await using world = await startWorld(serve({ keys: [bare, { ...young.jwk, use: 'enc' }] }));
    expect(await world.outcome(old)).toBe(200);
    expect(await world.outcome(young)).toBe('invalid_credential');
    expect(await world.outcome(forger, 'old')).toBe('invalid_credential');
  });
});

describe('A27 an issuer that is down', () => {
  it.each([
    ['fails', down],
    ['breaks off', cut],
    ['answers a page', serve('<html>Sign in to the hotel’s network</html>')],
    ['answers no set', serve({ keys: 'all' })],
    ['answers an empty set', serve({ keys: [] })],
    ['answers a set of secrets', serve({ keys: [{ kty: 'oct', k: 'AAAA', kid: 'old' }] })],
    ['answers 10 MiB', huge],
    ['sends elsewhere', redirect('http://127.0.0.1:9/')],
  ])(
    'and %s logs nobody out: 503, and 100 forged keys are one fetch in 30 s',
    async (_name, answer) => {
      await using world = await startWorld(answer);
      const forge = (from: number) =>
        Promise.all(
          Array.from({ length: 50 }, (_, index) => world.outcome(forger, `kid-${from + index}`)),
        );
      const outcomes = [...(await forge(0)), ...(await forge(50)), await world.outcome(old)];
      expect(new Set(outcomes)).toEqual(new Set(['auth_unavailable']));
      expect(world.server.requests).toHaveLength(1);
      expect(world.fixture.failed[0]).toMatchObject({ what: 'auth' });
      world.clock.ms += 30 * SECOND - 1;
      expect(await world.outcome(old)).toBe('auth_unavailable');
      expect(world.server.requests).toHaveLength(1);
      world.clock.ms += 1;
      world.server.answer = serve(jwksOf(old));
      expect(await world.outcome(old)).toBe(200);
      expect(world.server.requests).toHaveLength(2);
    },
  );

  it('does not follow a redirect, not even to a set that is good', async () => {
    await using good = await startJwksServer(jwksOf(old));
    await using world = await startWorld(redirect(good.url));
    expect(await world.outcome(old)).toBe('auth_unavailable');
    expect(good.requests).toEqual([]);
  });

  it('and hangs is given up before the guard’s own deadline', async () => {
    await using world = await startWorld(hang);
    expect(await world.outcome(old)).toBe('auth_unavailable');
    expect(world.fixture.failed[0]?.error).toMatchObject({
      name: 'AuthenticationUnavailableError',
    });
  });

  it('leaves the keys that are known: for a day, and at one fetch in 30 s', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = down;
    world.clock.ms += HOUR;
    for (let index = 0; index < 100; index += 1) {
      expect(await world.outcome(forger, `kid-${index}`)).toBe('invalid_credential');
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

  it('and hangs keeps nobody waiting whose key has only just become stale', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = hang;
    world.clock.ms += 600 * SECOND;
    const began = performance.now();
    expect(await world.outcome(old)).toBe(200);
    // Giving up takes 4 s; what answers before that did not wait.
    expect(performance.now() - began).toBeLessThan(3_000);
    await expect.poll(() => world.server.requests.length).toBe(2);
  });

  it('is asked no more often when the clock is set back, and keys last no longer', async () => {
    await using world = await startWorld();
    expect(await world.outcome(old)).toBe(200);
    world.server.answer = serve(jwksOf(young));
    world.clock.ms -= HOUR;
    expect(await world.outcome(old)).toBe('invalid_credential');
    expect(await world.outcome(forger)).toBe('invalid_credential');
    expect(world.server.requests).toHaveLength(2);
  });
});

describe('the discovery document of oidc', () => {
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

  it('leads to the keys', async () => {
    const document = (origin: string) => ({ issuer: origin, jwks_uri: `${origin}/jwks.json` });
    expect(await outcomeWith(document)).toEqual([
      200,
      ['/.well-known/openid-configuration', '/jwks.json'],
    ]);
  });

  it.each<[string, (origin: string) => unknown]>([
    ['of another issuer', (at) => ({ issuer: 'https://eve.example', jwks_uri: `${at}/jwks.json` })],
    ['of an issuer with a slash more', (at) => ({ issuer: `${at}/`, jwks_uri: `${at}/jwks.json` })],
    ['of no issuer', (at) => ({ jwks_uri: `${at}/jwks.json` })],
    ['with keys over plain http', (at) => ({ issuer: at, jwks_uri: 'http://192.0.2.1/jwks.json' })],
    ['with keys in a file', (at) => ({ issuer: at, jwks_uri: 'file:///etc/passwd' })],
    ['with keys nowhere', (at) => ({ issuer: at })],
    ['that is no object', () => []],
  ])('%s is not believed', async (_name, document) => {
    expect(await outcomeWith(document)).toEqual([
      'auth_unavailable',
      ['/.well-known/openid-configuration'],
    ]);
  });
});
