import {
  type Authenticator,
  appleSignIn,
  auth0,
  betterAuth,
  clerkAuth,
  cognito,
  firebaseAuth,
  jwt,
  type KeysAt,
  oidc,
  supabaseAuth,
  type User,
} from '../../src/auth/index.ts';
import type { Clock } from '../../src/index.ts';
import { jwksOf, newSigner, type Signer, sharedSigner } from './keys.ts';
import type { Json } from './tokens.ts';

/** One way to log in: its options, and a token exactly as its issuer writes it. */
export interface Login {
  readonly name: string;
  readonly signer: Signer;
  readonly claims: Json;
  /** Changes that make it a token for another app of the same issuer, and for no app. */
  readonly otherApp: Json;
  readonly noApp: Json;
  /** What the token contains about its user apart from the claims. */
  readonly user: Omit<User, 'claims'>;
  authenticator(options: { clock: Clock; jwks: KeysAt }): Authenticator;
}

export const NOW_SECONDS = 1_800_000_000;
const HOUR = 3_600;
const ISSUER = 'https://login.example/';
const SECRET = 'a shared secret of more than 32 bytes';
const times = { iat: NOW_SECONDS - 60, exp: NOW_SECONDS + HOUR };
const [rs256, es256, eddsa] = await Promise.all([
  newSigner('RS256'),
  newSigner('ES256'),
  newSigner('EdDSA'),
]);
const hs256 = sharedSigner(SECRET);
const byAud = { otherApp: { aud: 'another-app' }, noApp: { aud: undefined } };

const plain = [rs256, es256, eddsa, hs256].map((signer): Login => {
  const alg = signer.alg as 'RS256';
  return {
    name: `jwt with ${alg}`,
    signer,
    claims: { iss: ISSUER, aud: ['app', 'userinfo'], sub: 'ada', ...times },
    ...byAud,
    user: { id: 'ada' },
    authenticator: ({ clock, jwks }) =>
      jwt({
        issuer: ISSUER,
        audience: 'app',
        algorithms: [alg],
        clock,
        ...(signer.jwk ? { jwks } : { secret: SECRET }),
      }),
  };
});

const firebase: Login = {
  name: 'firebaseAuth',
  signer: rs256,
  claims: {
    iss: 'https://securetoken.google.com/my-app',
    aud: 'my-app',
    auth_time: NOW_SECONDS - 600,
    user_id: 'Zx9fQ2uGPQVw7vU1bX3hTt0mOe62',
    sub: 'Zx9fQ2uGPQVw7vU1bX3hTt0mOe62',
    ...times,
    firebase: { identities: {}, sign_in_provider: 'anonymous' },
    provider_id: 'anonymous',
  },
  ...byAud,
  user: { id: 'Zx9fQ2uGPQVw7vU1bX3hTt0mOe62', anonymous: true },
  authenticator: (options) => firebaseAuth({ projectId: 'my-app', ...options }),
};

const supabaseClaims = {
  iss: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
  sub: '1c0b5e0a-95f2-4b4c-9a4a-5b2f0c6a7d11',
  aud: 'authenticated',
  ...times,
  email: 'ada@example.com',
  phone: '',
  app_metadata: { provider: 'email', providers: ['email'], plan: 'pro' },
  user_metadata: { plan: 'enterprise' },
  role: 'authenticated',
  aal: 'aal1',
  amr: [{ method: 'password', timestamp: NOW_SECONDS - 600 }],
  session_id: 'a5a2c0b9-2d6e-4d6a-9c37-1b2f7b0f9a01',
  is_anonymous: false,
};
const supabaseUrl = 'https://abcdefghijklmnopqrst.supabase.co';
const supabase: Login = {
  name: 'supabaseAuth',
  signer: es256,
  claims: supabaseClaims,
  ...byAud,
  user: { id: supabaseClaims.sub },
  authenticator: (options) => supabaseAuth({ url: supabaseUrl, ...options }),
};
const supabaseLegacy: Login = {
  ...supabase,
  name: 'supabaseAuth with its legacy secret',
  signer: hs256,
  claims: { ...supabaseClaims, is_anonymous: true },
  user: { id: supabaseClaims.sub, anonymous: true },
  authenticator: (options) =>
    supabaseAuth({ url: new URL(supabaseUrl), legacySecret: SECRET, ...options }),
};

const clerk: Login = {
  name: 'clerkAuth',
  signer: rs256,
  claims: {
    azp: 'https://my-app.com',
    exp: NOW_SECONDS + 60,
    fea: 'u:images,o:dashboard',
    fva: [7, -1],
    iat: NOW_SECONDS,
    iss: 'https://clerk.my-app.com',
    jti: '6a5b0a0f2d1c4e3b9f8d',
    nbf: NOW_SECONDS - 10,
    o: { id: 'org_2b', rol: 'admin', slg: 'acme' },
    pla: 'o:team,u:pro',
    sid: 'sess_2b6fcd92dvf96q05x8e4a8xvt6a',
    sts: 'active',
    sub: 'user_2b6fcd92dvf96q05x8e4a8xvt6a',
    v: 2,
  },
  otherApp: { azp: 'https://another-app.com' },
  noApp: { azp: '' },
  user: { id: 'user_2b6fcd92dvf96q05x8e4a8xvt6a', plan: 'pro' },
  authenticator: (options) =>
    clerkAuth({
      issuer: 'https://clerk.my-app.com',
      authorizedParties: ['https://my-app.com'],
      ...options,
    }),
};

const auth0Login: Login = {
  name: 'auth0',
  signer: rs256,
  claims: {
    iss: 'https://my-app.eu.auth0.com/',
    sub: 'auth0|6512fdbb2f2d3c0a8a0b1c2d',
    aud: ['https://api.my-app.com', 'https://my-app.eu.auth0.com/userinfo'],
    ...times,
    azp: 'kTn2xWq9pYh3vB7mZc5sLd1fGj8aRe4u',
    scope: 'openid profile email offline_access',
    permissions: ['chat'],
  },
  ...byAud,
  user: { id: 'auth0|6512fdbb2f2d3c0a8a0b1c2d' },
  authenticator: (options) =>
    auth0({ domain: 'my-app.eu.auth0.com', audience: 'https://api.my-app.com', ...options }),
};

const cognitoClaims = {
  sub: 'c3d4e5f6-a7b8-4c9d-8e0f-1a2b3c4d5e6f',
  'cognito:groups': ['pro'],
  iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI',
  origin_jti: '5b1c9a3e-7d20-4e0b-bc0a-0f6f1c8d2e3a',
  event_id: '0d6a3b2c-1e4f-4a5b-8c7d-9e0f1a2b3c4d',
  auth_time: NOW_SECONDS - 60,
  ...times,
  jti: '8f7e6d5c-4b3a-4291-8e0f-a1b2c3d4e5f6',
};
const cognitoOptions = {
  region: 'eu-central-1',
  userPoolId: 'eu-central-1_AbCdEfGhI',
  clientId: '6kq2p9v1n3m5b7c8x0z4l2j1hg',
};
const cognitoAccess: Login = {
  name: 'cognito with access tokens',
  signer: rs256,
  claims: {
    ...cognitoClaims,
    client_id: cognitoOptions.clientId,
    token_use: 'access',
    scope: 'aws.cognito.signin.user.admin',
    username: 'ada',
    version: 2,
  },
  otherApp: { client_id: 'another-app' },
  noApp: { client_id: undefined },
  user: { id: cognitoClaims.sub },
  authenticator: (options) => cognito({ ...cognitoOptions, tokenUse: 'access', ...options }),
};
const cognitoId: Login = {
  name: 'cognito with ID tokens',
  signer: rs256,
  claims: {
    ...cognitoClaims,
    aud: cognitoOptions.clientId,
    token_use: 'id',
    'cognito:username': 'ada',
    email: 'ada@example.com',
    email_verified: true,
  },
  ...byAud,
  user: { id: cognitoClaims.sub },
  authenticator: (options) => cognito({ ...cognitoOptions, tokenUse: 'id', ...options }),
};

const better: Login = {
  name: 'betterAuth',
  signer: eddsa,
  claims: {
    iat: NOW_SECONDS,
    name: 'Ada',
    email: 'ada@example.com',
    emailVerified: true,
    image: null,
    createdAt: '2026-11-01T10:00:00.000Z',
    updatedAt: '2026-11-01T10:00:00.000Z',
    id: 'fnV0QmCvLxjT3sW9aZ1k',
    sub: 'fnV0QmCvLxjT3sW9aZ1k',
    exp: NOW_SECONDS + 900,
    iss: 'https://my-app.com',
    aud: 'https://my-app.com',
  },
  ...byAud,
  user: { id: 'fnV0QmCvLxjT3sW9aZ1k' },
  authenticator: (options) => betterAuth({ baseURL: 'https://my-app.com', ...options }),
};

const apple: Login = {
  name: 'appleSignIn',
  signer: rs256,
  claims: {
    iss: 'https://appleid.apple.com',
    aud: 'com.example.my-app',
    ...times,
    sub: '001234.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1234',
    nonce: 'a-nonce-of-this-login',
    c_hash: 'kF0cVq1fJ8m2',
    email: 'x7k2p9@privaterelay.appleid.com',
    email_verified: true,
    is_private_email: true,
    auth_time: NOW_SECONDS - 60,
    nonce_supported: true,
  },
  ...byAud,
  user: { id: '001234.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1234' },
  authenticator: (options) =>
    appleSignIn({
      clientId: ['com.example.my-app', 'com.example.my-app.web'],
      nonce: async (nonce) => nonce === 'a-nonce-of-this-login',
      ...options,
    }),
};

const generic: Login = {
  name: 'oidc',
  signer: es256,
  claims: { iss: 'https://id.example/realms/app', aud: 'app', sub: 'ada', ...times, azp: 'app' },
  ...byAud,
  user: { id: 'ada' },
  authenticator: (options) =>
    oidc({
      issuer: 'https://id.example/realms/app',
      audience: 'app',
      algorithms: ['ES256'],
      ...options,
    }),
};

export const logins: readonly Login[] = [
  ...plain,
  firebase,
  supabase,
  supabaseLegacy,
  clerk,
  auth0Login,
  cognitoAccess,
  cognitoId,
  better,
  apple,
  generic,
];

export const loginNamed = (name: string): Login => {
  const login = logins.find((each) => each.name === name);
  if (login === undefined) throw new Error(`There is no login "${name}".`);
  return login;
};

/** The public keys of all logins. */
export const jwks = jwksOf(rs256, es256, eddsa);
