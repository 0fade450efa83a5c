import { type CryptoKey, exportSPKI, importJWK } from 'jose';
import { newSigner, type Signer, sharedSigner } from './keys.ts';
import { type Login, NOW_SECONDS } from './logins.ts';
import { base64url, type Json, sign } from './tokens.ts';

/** A token that must not be accepted, made from a login whose own token would be. */
export interface Forgery {
  readonly name: string;
  token(login: Login): string | Promise<string>;
}

const eve = await newSigner('RS256', 'eve');
const DAY = 86_400;

/** The login's own key signs, over another header and other claims. */
const signed = (name: string, claims: Json, header: Json = {}): Forgery => ({
  name,
  token: (login) => sign(login.signer, { ...login.claims, ...claims }, header),
});

/** The login's own key signs this very text as claims; `<>` stands for the good ones. */
const spelled = (name: string, spell: (good: string) => string): Forgery => ({
  name,
  token: (login) => sign(login.signer, spell(JSON.stringify(login.claims).slice(1, -1))),
});

/** The parts of a good token, put together another way. */
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

/** Somebody else's key signs good claims. */
const byEve = (name: string, header: (login: Login) => Json): Forgery => ({
  name,
  token: (login) => sign(eve, login.claims, header(login)),
});

async function pemOf({ jwk }: Signer): Promise<string> {
  const key = await importJWK(jwk ?? eve.jwk ?? {}, jwk?.alg ?? 'RS256');
  return exportSPKI(key as CryptoKey);
}

/** HMAC with what everybody knows of the public key. */
const byPublicKey = (name: string, secretOf: (signer: Signer) => Promise<string>): Forgery => ({
  name: `A24 HS256 by ${name}`,
  token: async ({ signer, claims }) =>
    sign(sharedSigner(await secretOf(signer)), claims, { alg: 'HS256', kid: signer.kid }),
});

const withoutSignature = (alg: unknown): Forgery =>
  bent(
    `A24 alg ${JSON.stringify(alg)}, unsigned`,
    (_head, body) => `${base64url({ alg, typ: 'JWT' })}.${body}.`,
  );

const zeros = (bytes: number) => base64url(new Uint8Array(bytes));
const flipped = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);

const algorithms: readonly Forgery[] = [
  ...['none', 'None', 'NONE', '', undefined, null, 0, ['none'], {}].map(withoutSignature),
  bent('A24 alg none, with the signature of the good token', (_head, body, signature) =>
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
    signed(`A24 alg ${alg} over the signature of another`, {}, { alg }),
  ),
  {
    name: 'A24 alg in lower case',
    token: ({ signer, claims }) => sign(signer, claims, { alg: signer.alg.toLowerCase() }),
  },
  {
    name: 'A24 alg in a list',
    token: ({ signer, claims }) => sign(signer, claims, { alg: [signer.alg] }),
  },
  bent('A24 an empty signature', (head, body) => `${head}.${body}.`),
  bent('A24 a signature of zeros', (head, body) => `${head}.${body}.${zeros(64)}`),
  bent('A24 a signature of 256 zeros', (head, body) => `${head}.${body}.${zeros(256)}`),
  bent('A24 one bit of the signature', (head, body, sig) => `${head}.${body}.${flipped(sig)}`),
  bent('A24 a signature cut short', (head, body, sig) => `${head}.${body}.${sig.slice(0, -4)}`),
  bent('A24 a signature and more', (head, body, sig) => `${head}.${body}.${sig}AAAA`),
  {
    name: 'A24 the signature of other claims',
    async token({ signer, claims }) {
      const other = await sign(signer, { ...claims, sub: 'eve' });
      const good = await sign(signer, claims);
      return [...other.split('.').slice(0, 2), good.split('.')[2]].join('.');
    },
  },
];

const shapes: readonly Forgery[] = [
  ...[['exp'], ['urn:example:unknown'], [], 'exp', null].map((crit) =>
    signed(`A25 crit ${JSON.stringify(crit)}`, {}, { crit, 'urn:example:unknown': 1 }),
  ),
  signed('A25 b64 false', {}, { b64: false }),
  signed('A25 b64 false, critical', {}, { b64: false, crit: ['b64'] }),
  signed('A25 b64 true, critical', {}, { b64: true, crit: ['b64'] }),
  bent(
    'A25 five parts, as a JWE has',
    (head, body, sig) => `${head}.${body}.${sig}.${body}.${sig}`,
  ),
  bent('A25 a JWE’s header', (_head, body, sig) => {
    return `${base64url({ alg: 'dir', enc: 'A256GCM' })}.${body}.${sig}`;
  }),
  bent('A25 two parts', (head, body) => `${head}.${body}`),
  bent('A25 padding', (head, body, sig) => `${head}=.${body}.${sig}`),
  bent('A25 a header that is no JSON', (_head, body, sig) => `${base64url('{')}.${body}.${sig}`),
  bent('A25 a header that is a list', (_head, body, sig) => `${base64url('[]')}.${body}.${sig}`),
  {
    name: 'A25 a token within a token',
    token: async ({ signer, claims }) => sign(signer, await sign(signer, claims), { cty: 'JWT' }),
  },
  signed('A25 a header beyond 8 KiB', {}, { pad: 'x'.repeat(9_000) }),
  signed('A25 claims beyond 8 KiB', { pad: 'x'.repeat(9_000) }),
  spelled('A25 the subject twice', (good) => `{${good},"sub":"eve"}`),
  spelled('A25 the subject twice, escaped', (good) => `{"su\\u0062":"eve",${good}}`),
  spelled('A25 the issuer twice', (good) => `{"iss":"https://eve.example",${good}}`),
  spelled('A25 the end twice', (good) => `{${good},"exp":${NOW_SECONDS + DAY}}`),
  {
    name: 'A25 the algorithm twice',
    token: ({ signer, claims }) =>
      sign(signer, claims, `{"alg":"none","kid":"${signer.kid}","alg":"${signer.alg}"}`),
  },
  spelled('A25 a byte order mark', (good) => `\ufeff{${good}}`),
  spelled('A25 claims in a list', (good) => `[{${good}}]`),
  spelled('A25 a prototype', (good) => `{${good},"__proto__":{"plan":"pro"}}`),
  ...[undefined, null, true, [], '9999999999', `${NOW_SECONDS + 60}`, NOW_SECONDS + 60.5].map(
    (exp) => signed(`A25 exp ${JSON.stringify(exp)}`, { exp }),
  ),
  spelled('A25 exp 1e400', (good) => `{${good.replace(/"exp":\d+/, '"exp":1e400')}}`),
  signed('A31 exp in milliseconds', { exp: (NOW_SECONDS + 60) * 1000 }),
  signed('A31 exp beyond all years', { exp: Number.MAX_SAFE_INTEGER }),
  signed('A25 exp before there was time', { exp: -1 }),
  ...[NOW_SECONDS + 6, NOW_SECONDS + DAY, `${NOW_SECONDS}`, null, -1].flatMap((time) => [
    signed(`A25 nbf ${JSON.stringify(time)}`, { nbf: time }),
    signed(`A25 iat ${JSON.stringify(time)}`, { iat: time }),
  ]),
];

const keys: readonly Forgery[] = [
  byEve('A26 another’s key by the good key’s name', ({ signer }) => ({ kid: signer.kid })),
  byEve('A26 another’s key by its own name', () => ({})),
  byEve('A26 another’s key by no name', () => ({ kid: undefined })),
  byEve('A26 another’s key, embedded', ({ signer }) => ({ kid: signer.kid, jwk: eve.jwk })),
  byEve('A26 jku', () => ({ jku: 'http://127.0.0.1:9/jwks.json' })),
  byEve('A26 x5u', () => ({ x5u: 'http://127.0.0.1:9/cert.pem' })),
  byEve('A26 x5c', () => ({ x5c: ['MIIB'] })),
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
  ].map((kid) => byEve(`A26 kid ${JSON.stringify(kid).slice(0, 30)}`, () => ({ kid }))),
  {
    name: 'A26 the empty secret by the name of a file',
    token: ({ claims }) => sign(sharedSigner(''), claims, { kid: '../../../../dev/null' }),
  },
];

const addressed: readonly Forgery[] = [
  { name: 'A28 for another app', token: (l) => sign(l.signer, { ...l.claims, ...l.otherApp }) },
  { name: 'A28 for no app', token: (l) => sign(l.signer, { ...l.claims, ...l.noApp }) },
  {
    name: 'A28 for this app and for a number',
    token: ({ signer, claims, otherApp }) => {
      const { aud } = claims;
      return sign(signer, { ...claims, ...(aud ? { aud: [aud, 7].flat() } : otherApp) });
    },
  },
  signed('A28 of no issuer', { iss: undefined }),
  {
    name: 'A28 of an issuer with a slash more, or less',
    token: ({ signer, claims }) => {
      const iss = String(claims['iss']);
      return sign(signer, { ...claims, iss: iss.endsWith('/') ? iss.slice(0, -1) : `${iss}/` });
    },
  },
  {
    name: 'A28 of several issuers',
    token: ({ signer, claims }) =>
      sign(signer, { ...claims, iss: [claims['iss'], 'https://eve.example'] }),
  },
  signed('A28 of another issuer', { iss: 'https://eve.example' }),
  ...[undefined, null, '', 7, ['ada'], 'x'.repeat(257), 'line\nbreak'].map((sub) =>
    signed(`A28 of the user ${JSON.stringify(sub)?.slice(0, 12)}`, { sub }),
  ),
];

export const forgeries: readonly Forgery[] = [...algorithms, ...shapes, ...keys, ...addressed];
