import { describe, expect, it } from 'vitest';
import {
  type Attestation,
  type Authenticator,
  allOf,
  anyOf,
  firebaseAppCheck,
  userTokens,
} from '../../src/auth/index.ts';
import { type Fixture, tokenOf } from '../fixture.ts';
import { ask, bytesOf, guardWith, outcomeOf, testClock } from './asking.ts';
import { forgeries } from './forgeries.ts';
import { serve, startJwksServer } from './jwks-server.ts';
import { jwks, type Login, loginNamed, NOW_SECONDS } from './logins.ts';
import { type Json, sign } from './tokens.ts';

const APP = '1:123456789012:ios:0a1b2c3d4e5f60718293a4';
const claims = {
  sub: APP,
  aud: ['projects/123456789012', 'projects/my-app'],
  provider: 'device_check_app_attest',
  iss: 'https://firebaseappcheck.googleapis.com/123456789012',
  iat: NOW_SECONDS - 60,
  exp: NOW_SECONDS + 3_600,
  jti: 'hGq2Vb8ZkXo4RmT1',
};
const { signer } = loginNamed('firebaseAuth');
const project = { projectNumber: '123456789012', projectId: 'my-app' };
const tokenWith = (more: Json = {}, header: Json = {}) =>
  sign(signer, { ...claims, ...more }, header);

type CheckOptions = Partial<Parameters<typeof firebaseAppCheck>[0]>;
const checked = (more: CheckOptions = {}): Authenticator =>
  allOf(firebaseAppCheck({ ...project, jwks, clock: testClock(), ...more }), userTokens());

async function call({ guard }: Fixture, appCheck: string | undefined): Promise<Response> {
  const authorization = `Bearer ${await tokenOf(guard)}`;
  const header = appCheck === undefined ? {} : { 'x-firebase-appcheck': appCheck };
  return ask(guard, { authorization, ...header });
}

describe('firebaseAppCheck', () => {
  it('A call with a valid app token and a user is served over HTTP', async () => {
    await using server = await startJwksServer(jwks);
    await using fixture = await guardWith(checked({ jwks: server.url, appIds: [APP] }));
    const token = await tokenWith();
    expect(await outcomeOf(await call(fixture, token))).toEqual([200, null]);
    expect(await outcomeOf(await call(fixture, token))).toEqual([200, null]);
    await expect.poll(() => fixture.settled[0]?.userId).toBe('ada');
    const withoutUser = await ask(fixture.guard, { 'x-firebase-appcheck': token });
    expect(await outcomeOf(withoutUser)).toEqual([401, 'invalid_credential']);
  });

  it.each<[string, Json, CheckOptions?]>([
    [
      'another project',
      { iss: 'https://firebaseappcheck.googleapis.com/999', aud: ['projects/999'] },
    ],
    ['another project’s issuer', { iss: 'https://firebaseappcheck.googleapis.com/999' }],
    ['an issuer without a project number', { iss: 'https://firebaseappcheck.googleapis.com/' }],
    ['another audience', { aud: ['projects/999', 'projects/my-app'] }],
    ['an audience without the project id', { aud: ['projects/123456789012'] }],
    ['a token without an app', { sub: '' }],
    ['another app', {}, { appIds: ['1:123456789012:android:ff'] }],
    ['an expired token', { exp: NOW_SECONDS - 5 }],
  ])('firebaseAppCheck rejects %s', async (_name, more, options) => {
    await using fixture = await guardWith(checked(options));
    const answer = await call(fixture, await tokenWith(more));
    expect(await outcomeOf(answer)).toEqual([401, 'invalid_credential']);
  });

  it('A forged app token gets the same response bytes as a missing credential', async () => {
    await using fixture = await guardWith(checked());
    const nothing = await bytesOf(await ask(fixture.guard, {}));
    const login: Pick<Login, 'signer' | 'claims' | 'otherApp' | 'noApp'> = {
      signer,
      claims,
      otherApp: { aud: ['projects/1'] },
      noApp: { aud: [] },
    };
    // Some subjects are rejected as a user's id but valid as an app's.
    const meant = forgeries.filter(({ name }) => !/the user "(x|line)/.test(name));
    const sent = meant.map(({ token }) => token(login as Login));
    for (const token of [undefined, '', ...(await Promise.all(sent))]) {
      expect(await bytesOf(await call(fixture, token))).toBe(nothing);
    }
    expect(fixture.fake.requests).toEqual([]);
  });

  it('A token is accepted once with replay: "reject", also under simultaneous calls', async () => {
    const clock = testClock();
    await using fixture = await guardWith(checked({ replay: 'reject', clock }));
    const token = await tokenWith();
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(fixture, token)));
    const statuses = await Promise.all(answers.map(async (answer) => (await outcomeOf(answer))[0]));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const another = await tokenWith({ jti: 'another' });
    expect(await outcomeOf(await call(fixture, another))).toEqual([200, null]);
    clock.ms = (claims.exp + 4) * 1000;
    for (const used of [token, another]) {
      expect(await outcomeOf(await call(fixture, used))).toEqual([401, 'invalid_credential']);
    }
  });

  it('A token is accepted once, however its bytes are spelled', async () => {
    await using fixture = await guardWith(checked({ replay: 'reject' }));
    const token = await tokenWith();
    expect(await outcomeOf(await call(fixture, token))).toEqual([200, null]);
    // 256 bytes leave four bits of the last character unused.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const last of alphabet) {
      const spelled = token.slice(0, -1) + last;
      expect(await outcomeOf(await call(fixture, spelled))).toEqual([401, 'invalid_credential']);
    }
  });

  it('A call returns 503, not 401, while Google’s keys are unavailable', async () => {
    await using server = await startJwksServer({ keys: [] });
    server.answer = serve('down', {}, 500);
    await using fixture = await guardWith(checked({ jwks: server.url }));
    const answer = await call(fixture, await tokenWith());
    expect(await outcomeOf(answer)).toEqual([503, 'auth_unavailable']);
  });
});

describe('allOf', () => {
  const yes: Attestation = async () => true;
  const no: Attestation = () => false;
  const outcome = async (auth: Authenticator) => {
    await using fixture = await guardWith(auth);
    return outcomeOf(await call(fixture, undefined));
  };

  it('allOf requires every attestation', async () => {
    expect(await outcome(allOf(yes, yes, userTokens()))).toEqual([200, null]);
    for (const attests of [[no], [yes, no], [no, yes]] as [Attestation, ...Attestation[]][]) {
      expect(await outcome(allOf(...attests, userTokens()))).toEqual([401, 'invalid_credential']);
    }
  });

  it.each<[string, unknown]>([
    ['a truthy string', 'yes'],
    ['undefined', undefined],
    ['an object', {}],
    ['1', 1],
  ])('allOf rejects a call whose attestation returns %s', async (_name, answer) => {
    const attest = (() => answer) as Attestation;
    expect(await outcome(allOf(attest, userTokens()))).toEqual([401, 'invalid_credential']);
  });

  it('A call fails when an attestation throws', async () => {
    const attest: Attestation = () => Promise.reject(new Error('no network'));
    expect(await outcome(allOf(attest, userTokens()))).toEqual([500, 'internal_error']);
  });

  it('An attestation is not called when the authenticator does not accept the credential', async () => {
    let asked = 0;
    const attest: Attestation = () => {
      asked += 1;
      return true;
    };
    const foreign: Authenticator = { authenticate: () => undefined };
    expect(await outcome(anyOf(allOf(attest, foreign), userTokens()))).toEqual([200, null]);
    expect(asked).toBe(0);
  });

  it.each<[string, unknown[]]>([
    ['no arguments', []],
    ['only an authenticator', [userTokens()]],
    ['only attestations', [yes, yes]],
    ['an authenticator before its attestations', [userTokens(), yes]],
    ['a string', ['yes', userTokens()]],
  ])('allOf throws a TypeError for %s', (_name, parts) => {
    expect(() => allOf(...(parts as [Attestation, Authenticator]))).toThrow(TypeError);
  });
});
