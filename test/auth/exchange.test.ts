import { expect, it } from 'vitest';
import { firebaseAppCheck } from '../../src/auth/index.ts';
import { watchToken } from '../canary.ts';
import { type Fixture, startFixture } from '../fixture.ts';
import { askWith, bytesOf, outcomeOf, testClock } from './asking.ts';
import { forgeries } from './forgeries.ts';
import { serve, startJwksServer } from './jwks-server.ts';
import { jwks, loginNamed, NOW_SECONDS } from './logins.ts';
import { sign } from './tokens.ts';

const login = loginNamed('firebaseAuth');
const project = { projectNumber: '123456789012', projectId: 'my-app' };
const appClaims = {
  iss: 'https://firebaseappcheck.googleapis.com/123456789012',
  aud: ['projects/123456789012', 'projects/my-app'],
  sub: '1:123456789012:ios:0a1b2c3d4e5f60718293a4',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 3_600,
};

/** A guard that exchanges Firebase logins of the genuine app. */
function start(keys: string | typeof jwks): Promise<Fixture> {
  const options = { clock: testClock(), jwks: keys };
  const attest = firebaseAppCheck({ ...project, ...options });
  return startFixture({ exchange: { auth: login.authenticator(options), attest } });
}

function exchange({ guard }: Fixture, token?: string, appCheck?: string): Promise<Response> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(appCheck !== undefined && { 'x-firebase-appcheck': appCheck }),
  };
  return guard.exchange.handler(new Request('http://app.test/token', { method: 'POST', headers }));
}

const goodLogin = await sign(login.signer, login.claims);
const goodApp = await sign(login.signer, appClaims);

it('A login of the genuine app is exchanged for a user token that serves its user', async () => {
  await using fixture = await start(jwks);
  const answer = await exchange(fixture, goodLogin, goodApp);
  const { value } = (await answer.json()) as { value: string };
  expect(await outcomeOf(await askWith(fixture.guard, watchToken(value)))).toEqual([200, null]);
  await expect.poll(() => fixture.settled[0]?.userId).toBe(login.user.id);
});

it('An exchange with a forged login or app token gets the bytes of a missing credential', async () => {
  await using fixture = await start(jwks);
  const nothing = await bytesOf(await exchange(fixture));
  expect(nothing).toContain('"invalid_credential"');
  expect(await bytesOf(await exchange(fixture, goodLogin))).toBe(nothing);
  expect(await bytesOf(await exchange(fixture, goodLogin, goodLogin))).toBe(nothing);
  for (const { token } of forgeries) {
    expect(await bytesOf(await exchange(fixture, await token(login), goodApp))).toBe(nothing);
  }
});

it('An exchange returns 503 while the provider’s keys are unavailable', async () => {
  await using server = await startJwksServer({ keys: [] });
  server.answer = serve('down', {}, 500);
  await using fixture = await start(server.url);
  expect(await outcomeOf(await exchange(fixture, goodLogin, goodApp))).toEqual([
    503,
    'auth_unavailable',
  ]);
});
