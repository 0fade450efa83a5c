import { describe, expect, it, vi } from 'vitest';
import {
  anyOf,
  appleSignIn,
  betterAuth,
  clerkAuth,
  firebaseAuth,
  jwt,
  type User,
  userTokens,
} from '../../src/auth/index.ts';
import { chat, post, tokenOf } from '../fixture.ts';
import { askWith, guardWith, outcomeOf, testClock } from './asking.ts';
import { startJwksServer } from './jwks-server.ts';
import { newSigner, sharedSigner } from './keys.ts';
import { jwks, type Login, loginNamed, logins, NOW_SECONDS } from './logins.ts';
import { base64url, type Json, sign } from './tokens.ts';

const REFUSED = [401, 'invalid_credential'];
const isDeepFrozen = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(isDeepFrozen));

describe.each(logins)('Logins with $name', (login) => {
  it('A token of the provider’s exact shape is served over HTTP for its user', async () => {
    await using server = await startJwksServer(jwks);
    const seen: User[] = [];
    const planOf = (user: User) => {
      seen.push(user);
      return 'free';
    };
    const auth = login.authenticator({ clock: testClock(), jwks: server.url });
    await using fixture = await guardWith(auth, { planOf });
    const token = await sign(login.signer, login.claims);
    for (let call = 0; call < 2; call += 1) {
      expect(await outcomeOf(await askWith(fixture.guard, token))).toEqual([200, null]);
    }
    expect(seen).toEqual([
      { ...login.user, claims: login.claims },
      { ...login.user, claims: login.claims },
    ]);
    expect(seen.every(isDeepFrozen)).toBe(true);
    await expect.poll(() => fixture.settled.map(({ userId }) => userId)).toHaveLength(2);
    expect(fixture.settled[0]?.userId).toBe(login.user.id);
    expect(JSON.stringify(fixture.fake.requests)).not.toContain(token.slice(-20));
  });

  it('A token is accepted until its end plus the skew of 5 s', async () => {
    const clock = testClock();
    await using fixture = await guardWith(login.authenticator({ clock, jwks }));
    const exp = NOW_SECONDS + 10;
    const token = await sign(login.signer, { ...login.claims, exp });
    const at = async (ms: number) => {
      clock.ms = ms;
      return outcomeOf(await askWith(fixture.guard, token));
    };
    expect(await at(NOW_SECONDS * 1000)).toEqual([200, null]);
    expect(await at(exp * 1000 + 4_999)).toEqual([200, null]);
    expect(await at(exp * 1000 + 5_000)).toEqual([401, 'expired_credential']);
  });
});

describe('Tokens of a provider that must be rejected', () => {
  type Trap = [login: string, trap: string, claims: Json, header?: Json];
  const traps: readonly Trap[] = [
    ['firebaseAuth', 'another tenant’s user', { firebase: { tenant: 'acme' } }],
    ['firebaseAuth', 'a login in the future', { auth_time: NOW_SECONDS + 6 }],
    ['firebaseAuth', 'a missing auth_time', { auth_time: undefined }],
    ['firebaseAuth', 'a uid that is too long', { sub: 'x'.repeat(129) }],
    ['firebaseAuth', 'a missing kid', {}, { kid: undefined }],
    [
      'firebaseAuth',
      'a custom token',
      {
        iss: 'firebase-adminsdk-x@my-app.iam.gserviceaccount.com',
        sub: 'firebase-adminsdk-x@my-app.iam.gserviceaccount.com',
        aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
        uid: 'ada',
      },
      { kid: undefined },
    ],
    ['firebaseAuth', 'a session cookie', { iss: 'https://session.firebase.google.com/my-app' }],
    ['firebaseAuth', 'another project', { iss: 'https://securetoken.google.com/other' }],
    ['supabaseAuth', 'the anon role', { role: 'anon' }],
    ['supabaseAuth', 'the service role', { role: 'service_role' }],
    ['supabaseAuth', 'the audience anon', { aud: 'anon' }],
    [
      'supabaseAuth with its legacy secret',
      'the anon key, which ships in every app',
      {
        iss: 'supabase',
        ref: 'abcdefghijklmnopqrst',
        role: 'anon',
        sub: undefined,
        aud: undefined,
        exp: NOW_SECONDS + 315_360_000,
      },
    ],
    [
      'supabaseAuth with its legacy secret',
      'the service_role key with an issuer',
      { role: 'service_role', sub: undefined },
    ],
    ['clerkAuth', 'a pending session', { sts: 'pending' }],
    ['clerkAuth', 'an azp that is not listed', { azp: 'https://my-app.com.eve.example' }],
    ['clerkAuth', 'a list as azp', { azp: ['https://my-app.com'] }],
    ['clerkAuth', 'a missing nbf', { nbf: undefined }],
    ['auth0', 'an ID token', { aud: 'kTn2xWq9pYh3vB7mZc5sLd1fGj8aRe4u' }],
    ['cognito with access tokens', 'an ID token', { token_use: 'id' }],
    ['cognito with ID tokens', 'an access token', { token_use: 'access' }],
    ['cognito with ID tokens', 'a missing token_use', { token_use: undefined }],
    [
      'cognito with access tokens',
      'another pool',
      { iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Zz' },
    ],
    ['appleSignIn', 'an unknown nonce', { nonce: 'eve' }],
    ['appleSignIn', 'a missing nonce', { nonce: undefined }],
    ['appleSignIn', 'another app', { aud: 'com.example.other' }],
  ];

  it.each(traps)('%s rejects %s', async (name, _trap, claims, header = {}) => {
    const login = loginNamed(name);
    await using fixture = await guardWith(login.authenticator({ clock: testClock(), jwks }));
    const good = await sign(login.signer, login.claims);
    expect((await askWith(fixture.guard, good)).status).toBe(200);
    const bad = await sign(login.signer, { ...login.claims, ...claims }, header);
    expect(await outcomeOf(await askWith(fixture.guard, bad))).toEqual(REFUSED);
  });

  it('auth0 leaves an opaque access token to the next authenticator', async () => {
    const auth = loginNamed('auth0').authenticator({ clock: testClock(), jwks });
    await using fixture = await guardWith(anyOf(auth, userTokens()));
    const { guard } = fixture;
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(200);
    const opaque = 'Vb3kZ0T6p9xN2cQ7mR5sL1wYdJ8hF4gA';
    expect(await outcomeOf(await askWith(guard, opaque))).toEqual(REFUSED);
  });
});

/** The user as `planOf` receives it. */
async function userOf(login: Login, claims: Json, auth = login.authenticator): Promise<unknown> {
  const seen: User[] = [];
  const planOf = (user: User) => {
    seen.push(user);
    return 'free';
  };
  const options = { clock: testClock(), jwks };
  await using fixture = await guardWith(auth(options), { planOf });
  const token = await sign(login.signer, { ...login.claims, ...claims });
  const answer = await askWith(fixture.guard, token);
  await answer.text();
  const { claims: _, ...user } = seen[0] ?? { claims: {} };
  return answer.ok ? user : answer.status;
}

describe('Users of a provider', () => {
  const firebase = loginNamed('firebaseAuth');
  const clerk = loginNamed('clerkAuth');

  it('Firebase users are anonymous until they sign in', async () => {
    const signedIn = { firebase: { sign_in_provider: 'google.com' } };
    expect(await userOf(firebase, signedIn)).toEqual({ id: firebase.user.id });
  });

  it('Users of a Firebase tenant are served only if the option names the tenant', async () => {
    const claims = { firebase: { sign_in_provider: 'password', tenant: 'acme' } };
    const acme: Login['authenticator'] = (options) =>
      firebaseAuth({ projectId: 'my-app', tenant: 'acme', ...options });
    expect(await userOf(firebase, claims, acme)).toEqual({ id: firebase.user.id });
    expect(await userOf(firebase, {}, acme)).toBe(401);
  });

  it('Supabase users get no plan or anonymity from claims they wrote themselves', async () => {
    const supabase = loginNamed('supabaseAuth');
    expect(await userOf(supabase, { is_anonymous: 'true' })).toEqual({ id: supabase.user.id });
  });

  it('Supabase tokens of both kinds are accepted during the move to signing keys', async () => {
    const [moved, legacy] = [
      loginNamed('supabaseAuth'),
      loginNamed('supabaseAuth with its legacy secret'),
    ];
    expect(await userOf(moved, {}, legacy.authenticator)).toEqual({ id: moved.user.id });
  });

  it.each([
    ['u:pro', { plan: 'pro' }],
    ['o:team', {}],
    ['o:u:pro', {}],
    ['', {}],
    [undefined, {}],
    [7, {}],
  ])('Clerk users with pla %o get the plan of the user', async (pla, plan) => {
    expect(await userOf(clerk, { pla })).toEqual({ id: clerk.user.id, ...plan });
  });

  it('Clerk’s native apps need no azp, and web apps must be listed', async () => {
    const native: Login['authenticator'] = (options) =>
      clerkAuth({ issuer: 'https://clerk.my-app.com', ...options });
    expect(await userOf(clerk, { azp: undefined }, native)).toMatchObject({ id: clerk.user.id });
    expect(await userOf(clerk, {}, native)).toBe(401);
  });

  it('Apple users need no nonce when the option is not set', async () => {
    const apple = loginNamed('appleSignIn');
    const clientId = 'com.example.my-app';
    const auth: Login['authenticator'] = (options) => appleSignIn({ clientId, ...options });
    expect(await userOf(apple, { nonce: undefined }, auth)).toEqual({ id: apple.user.id });
  });

  it('better-auth users are verified against a local mount', async () => {
    const better = loginNamed('betterAuth');
    await using server = await startJwksServer(jwks);
    const baseURL = server.origin;
    const auth: Login['authenticator'] = ({ clock }) => betterAuth({ baseURL, clock });
    const claims = { iss: baseURL, aud: baseURL };
    expect(await userOf(better, claims, auth)).toEqual({ id: better.user.id });
    expect(server.requests).toEqual(['/api/auth/jwks']);
  });
});

describe('The Firebase emulator', () => {
  const { claims, signer } = loginNamed('firebaseAuth');
  const unsigned = `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claims)}.`;
  const clock = testClock();

  it('Unsigned emulator tokens are accepted only with the emulator option, and then no others are', async () => {
    const auth = firebaseAuth({ projectId: 'my-app', emulator: true, clock, jwks });
    await using fixture = await guardWith(auth);
    expect(await outcomeOf(await askWith(fixture.guard, unsigned))).toEqual([200, null]);
    const real = await sign(signer, claims);
    expect(await outcomeOf(await askWith(fixture.guard, real))).toEqual(REFUSED);
    const withSignature = `${unsigned}AAAA`;
    expect(await outcomeOf(await askWith(fixture.guard, withSignature))).toEqual(REFUSED);
  });

  it('The emulator option throws a TypeError in production', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => firebaseAuth({ projectId: 'my-app', emulator: true })).toThrow(TypeError);
    expect(() => firebaseAuth({ projectId: 'my-app' })).not.toThrow();
    vi.unstubAllEnvs();
  });
});

describe('Several logins in one guard', () => {
  it('Each login serves its own users and rejects a forged token with 401', async () => {
    const clock = testClock();
    const distinct = logins.filter(
      ({ name }) => !/^jwt with (?!RS256)|legacy|ID tokens/.test(name),
    );
    const auth = anyOf(...distinct.map((login) => login.authenticator({ clock, jwks })));
    await using fixture = await guardWith(auth);
    for (const login of distinct) {
      const token = await sign(login.signer, login.claims);
      expect([login.name, ...(await outcomeOf(await askWith(fixture.guard, token)))]).toEqual([
        login.name,
        200,
        null,
      ]);
    }
    const eve = await newSigner('RS256', 'RS256-key');
    for (const login of distinct) {
      const forged = await sign(eve, login.claims);
      expect(await outcomeOf(await askWith(fixture.guard, forged))).toEqual(REFUSED);
    }
  });
});

describe('One secret shared by two apps', () => {
  const secret = 'a secret that two apps were given by mistake';
  it('A token for one app is rejected by the other app with the same secret', async () => {
    const clock = testClock();
    const authOf = (audience: string) =>
      jwt({ issuer: 'https://a.example', audience, algorithms: ['HS256'], secret, clock });
    await using one = await guardWith(authOf('one'));
    await using two = await guardWith(authOf('two'));
    const claims = { iss: 'https://a.example', sub: 'ada', exp: NOW_SECONDS + 60 };
    const token = await sign(sharedSigner(secret), { ...claims, aud: 'one' });
    expect(await outcomeOf(await askWith(one.guard, token))).toEqual([200, null]);
    expect(await outcomeOf(await askWith(two.guard, token))).toEqual(REFUSED);
  });
});
