import { type CryptoKey, exportSPKI, importJWK } from 'jose';
import { newSigner, type Signer, sharedSigner } from './keys.ts';
import { type Login, NOW_SECONDS } from './logins.ts';
import { base64url, type Json, sign } from './tokens.ts';

/** A token that must be rejected, made from a login whose genuine token is accepted. */
export interface Forgery {
  readonly name: string;
  token(login: Login): string | Promise<string>;
}

const eve = await newSigner('RS256', 'eve');
const DAY = 86_400;

/** Signed with the login's own key, over another header and other claims. */
const signed = (name: string, claims: Json, header: Json = {}): Forgery => ({
  name,
  token: (login) => sign(login.signer, { ...login.claims, ...claims }, header),
});

/**
 * Signed with the login's own key, over this exact text as claims. `good` is the text of the valid
 * claims.
 */
const spelled = (name: string, spell: (good: string) => string): Forgery => ({
  name,
  token: (login) => sign(login.signer, spell(JSON.stringify(login.claims).slice(1, -1))),
});

/** The parts of a valid token, put together in another way. */
const bent = (
  name: string,
  bend: (head: string, body: string, signature: string) => string,
): Forgery => ({
  name,
  async token(login) {
    const [head = '', body = '', signature = ''] = (await sign(login.signer, login.claims)).split(
      '.',
    );
    return bend(head, body, signature);
  },
});

/** Valid claims, signed with another key. */
const byEve = (name: string, header: (login: Login) => Json): Forgery => ({
  name,
  token: (login) => sign(eve, login.claims, header(login)),
});

async function pemOf({ jwk }: Signer): Promise<string> {
  const key = await importJWK(jwk ?? eve.jwk ?? {}, jwk?.alg ?? 'RS256');
  return exportSPKI(key as CryptoKey);
}

/** HMAC with what is public about the key. */
const byPublicKey = (name: string, secretOf: (signer: Signer) => Promise<string>): Forgery => ({
  name: `HS256 signed with ${name}`,
  token: async ({ signer, claims }) =>
    sign(sharedSigner(await secretOf(signer)), claims, { alg: 'HS256', kid: signer.kid }),
});

const withoutSignature = (alg: unknown): Forgery =>
  bent(
    `alg ${JSON.stringify(alg)}, unsigned`,
    (_head, body) => `${base64url({ alg, typ: 'JWT' })}.${body}.`,
  );

const zeros = (bytes: number) => base64url(new Uint8Array(bytes));
const flipped = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);

const algorithms: readonly Forgery[] = [
  ...['none', 'None', 'NONE', '', undefined, null, 0, ['none'], {}].map(withoutSignature),
  bent('alg none with the signature of a valid token', (_head, body, signature) =>
    [base64url({ alg: 'none' }), body, signature].join('.'),
  ),
  byPublicKey('the public PEM', pemOf),
  byPublicKey('the public PEM, trimmed', async (signer) => (await pemOf(signer)).trim()),
  byPublicKey('the public PEM after a space', async (signer) => ` ${await pemOf(signer)}`),
  byPublicKey('the public PEM with CRLF', async (signer) =>
    (await pemOf(signer)).replaceAll('\n', '\r\n'),
  ),
  byPublicKey('the public JWK', async ({ jwk }) => JSON.stringify(jwk ?? eve.jwk)),
  byPublicKey('the empty secret', async () => ''),
  byPublicKey('the key’s id', async ({ kid }) => kid),
  ...['PS256', 'ES256K', 'HS512', 'RS1', 'dir', 'RSA-OAEP'].map((alg) =>
    signed(`alg ${alg} with the signature of another algorithm`, {}, { alg }),
  ),
  {
    name: 'alg in lower case',
    token: ({ signer, claims }) => sign(signer, claims, { alg: signer.alg.toLowerCase() }),
  },
  {
    name: 'alg in a list',
    token: ({ signer, claims }) => sign(signer, claims, { alg: [signer.alg] }),
  },
  bent('an empty signature', (head, body) => `${head}.${body}.`),
  bent('a signature of zeros', (head, body) => `${head}.${body}.${zeros(64)}`),
  bent('a signature of 256 zeros', (head, body) => `${head}.${body}.${zeros(256)}`),
  bent('a changed signature', (head, body, sig) => `${head}.${body}.${flipped(sig)}`),
  bent('a signature cut short', (head, body, sig) => `${head}.${body}.${sig.slice(0, -4)}`),
  bent('a signature with extra characters', (head, body, sig) => `${head}.${body}.${sig}AAAA`),
  {
    name: 'the signature of other claims',
    async token({ signer, claims }) {
      const other = await sign(signer, { ...claims, sub: 'eve' });
      const good = await sign(signer, claims);
      return [...other.split('.').slice(0, 2), good.split('.')[2]].join('.');
    },
  },
];

const shapes: readonly Forgery[] = [
  ...[['exp'], ['urn:example:unknown'], [], 'exp', null].map((crit) =>
    signed(`crit ${JSON.stringify(crit)}`, {}, { crit, 'urn:example:unknown': 1 }),
  ),
  signed('b64 false', {}, { b64: false }),
  signed('b64 false, critical', {}, { b64: false, crit: ['b64'] }),
  signed('b64 true, critical', {}, { b64: true, crit: ['b64'] }),
  bent('five parts like a JWE', (head, body, sig) => `${head}.${body}.${sig}.${body}.${sig}`),
  bent('a JWE header', (_head, body, sig) => {
    return `${base64url({ alg: 'dir', enc: 'A256GCM' })}.${body}.${sig}`;
  }),
  bent('two parts', (head, body) => `${head}.${body}`),
  bent('base64 padding', (head, body, sig) => `${head}=.${body}.${sig}`),
  bent('a header that is not JSON', (_head, body, sig) => `${base64url('{')}.${body}.${sig}`),
  bent('a header that is a list', (_head, body, sig) => `${base64url('[]')}.${body}.${sig}`),
  {
    name: 'a token within a token',
    token: async ({ signer, claims }) => sign(signer, await sign(signer, claims), { cty: 'JWT' }),
  },
  signed('a header larger than 8 KiB', {}, { pad: 'x'.repeat(9_000) }),
  signed('claims larger than 8 KiB', { pad: 'x'.repeat(9_000) }),
  spelled('a duplicate subject', (good) => `{${good},"sub":"eve"}`),
  spelled('a duplicate subject, escaped', (good) => `{"su\\u0062":"eve",${good}}`),
  spelled('a duplicate issuer', (good) => `{"iss":"https://eve.example",${good}}`),
  spelled('a duplicate exp', (good) => `{${good},"exp":${NOW_SECONDS + DAY}}`),
  {
    name: 'a duplicate algorithm',
    token: ({ signer, claims }) =>
      sign(signer, claims, `{"alg":"none","kid":"${signer.kid}","alg":"${signer.alg}"}`),
  },
  spelled('a byte order mark', (good) => `\ufeff{${good}}`),
  spelled('claims in a list', (good) => `[{${good}}]`),
  spelled('a prototype', (good) => `{${good},"__proto__":{"plan":"pro"}}`),
  ...[undefined, null, true, [], '9999999999', `${NOW_SECONDS + 60}`, NOW_SECONDS + 60.5].map(
    (exp) => signed(`exp ${JSON.stringify(exp)}`, { exp }),
  ),
  spelled('exp 1e400', (good) => `{${good.replace(/"exp":\d+/, '"exp":1e400')}}`),
  signed('exp in milliseconds', { exp: (NOW_SECONDS + 60) * 1000 }),
  signed('exp beyond every date', { exp: Number.MAX_SAFE_INTEGER }),
  signed('a negative exp', { exp: -1 }),
  ...[NOW_SECONDS + 6, NOW_SECONDS + DAY, `${NOW_SECONDS}`, null, -1].flatMap((time) => [
    signed(`nbf ${JSON.stringify(time)}`, { nbf: time }),
    signed(`iat ${JSON.stringify(time)}`, { iat: time }),
  ]),
];

const keys: readonly Forgery[] = [
  byEve('another key under the valid kid', ({ signer }) => ({ kid: signer.kid })),
  byEve('another key under its own kid', () => ({})),
  byEve('another key without a kid', () => ({ kid: undefined })),
  byEve('another key, embedded as jwk', ({ signer }) => ({ kid: signer.kid, jwk: eve.jwk })),
  byEve('another key with a jku', () => ({ jku: 'http://127.0.0.1:9/jwks.json' })),
  byEve('another key with an x5u', () => ({ x5u: 'http://127.0.0.1:9/cert.pem' })),
  byEve('another key with an x5c', () => ({ x5c: ['MIIB'] })),
  ...[
    '../../../../dev/null',
    '/dev/null',
    "' OR 1=1 --",
    "x' UNION SELECT 'AA' --",
    'http://127.0.0.1:9/key',
    '__proto__',
    'constructor',
    '',
    'nul\u0000',
    'x'.repeat(300),
    7,
    null,
    ['a'],
    { a: 1 },
  ].map((kid) => byEve(`kid ${JSON.stringify(kid).slice(0, 30)}`, () => ({ kid }))),
  {
    name: 'the empty secret with a file as kid',
    token: ({ claims }) => sign(sharedSigner(''), claims, { kid: '../../../../dev/null' }),
  },
];

const addressed: readonly Forgery[] = [
  { name: 'a token for another app', token: (l) => sign(l.signer, { ...l.claims, ...l.otherApp }) },
  { name: 'a token for no app', token: (l) => sign(l.signer, { ...l.claims, ...l.noApp }) },
  {
    name: 'a token for this app and for a number',
    token: ({ signer, claims, otherApp }) => {
      const { aud } = claims;
      return sign(signer, { ...claims, ...(aud ? { aud: [aud, 7].flat() } : otherApp) });
    },
  },
  signed('a token without an issuer', { iss: undefined }),
  {
    name: 'an issuer with a slash added or removed',
    token: ({ signer, claims }) => {
      const iss = String(claims['iss']);
      return sign(signer, { ...claims, iss: iss.endsWith('/') ? iss.slice(0, -1) : `${iss}/` });
    },
  },
  {
    name: 'several issuers',
    token: ({ signer, claims }) =>
      sign(signer, { ...claims, iss: [claims['iss'], 'https://eve.example'] }),
  },
  signed('another issuer', { iss: 'https://eve.example' }),
  ...[undefined, null, '', 7, ['ada'], 'x'.repeat(257), 'line\nbreak'].map((sub) =>
    signed(`a token of the user ${JSON.stringify(sub)?.slice(0, 12)}`, { sub }),
  ),
];

export const forgeries: readonly Forgery[] = [...algorithms, ...shapes, ...keys, ...addressed];
