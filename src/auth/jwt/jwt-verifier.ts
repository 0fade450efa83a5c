import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../base/clock.ts';
import { type ClaimRules, expiryMs, meetsRules } from './check-claims.ts';
import { type Claims, JWT_LENGTH_MAX, type Jwt, readJwt } from './read-jwt.ts';
import type { SignatureCheck } from './signatures.ts';

export interface JwtRules<Subject extends object> extends ClaimRules {
  readonly clock: Clock;
  readonly isSigned: SignatureCheck;
  /** Whom verified claims are about; `undefined` refuses them. */
  accept(claims: Claims, expiresAtMs: number): Subject | undefined | Promise<Subject | undefined>;
}

export interface Verified<Subject> {
  readonly subject: Subject;
  readonly expiresAtMs: number;
}

/** `foreign`: no JWT, or another issuer's. `expired`: good in every other respect. */
export type JwtVerdict<Subject> = Verified<Subject> | 'foreign' | 'invalid' | 'expired';

export type JwtVerifier<Subject> = (
  text: string,
) => JwtVerdict<Subject> | Promise<JwtVerdict<Subject>>;

interface KnownJwt<Subject> extends Verified<Subject> {
  readonly verifiedAtMs: number;
}

const KNOWN_MS_MAX = 30_000;
const KNOWN_TOKENS_MAX = 10_000;
const KNOWN_CHARACTERS_MAX = 16 * 1024 * 1024;

/**
 * Verifies tokens by one set of rules. One that was verified in the last 30 s costs a hash, unless it
 * has expired since; at most 10,000 tokens and 16 Mi characters are remembered.
 */
export function createJwtVerifier<Subject extends object>(
  rules: JwtRules<Subject>,
): JwtVerifier<Subject> {
  // By SHA-256 of the whole token: claims, or a part of it, are shared between users (A29).
  const known = new LRUCache<string, KnownJwt<Subject>>({
    max: KNOWN_TOKENS_MAX,
    maxSize: KNOWN_CHARACTERS_MAX,
  });
  const { clock, skewMs } = rules;
  const judge = (verified: KnownJwt<Subject>): JwtVerdict<Subject> =>
    verified.expiresAtMs + skewMs <= clock.nowMs() ? 'expired' : verified;
  const verify = async (jwt: Jwt, key: string): Promise<JwtVerdict<Subject>> => {
    const verified = await verifyJwt(jwt, rules);
    if (verified === undefined) return 'invalid';
    known.set(key, verified, { size: jwt.text.length });
    return judge(verified);
  };
  return (text) => {
    if (text.length > JWT_LENGTH_MAX) return 'foreign';
    const key = hash('sha256', text);
    const verified = known.get(key);
    if (verified !== undefined && isRecent(verified, clock)) return judge(verified);
    const jwt = readJwt(text);
    return jwt?.claims['iss'] === rules.issuer ? verify(jwt, key) : 'foreign';
  };
}

function isRecent({ verifiedAtMs }: KnownJwt<object>, clock: Clock): boolean {
  const ageMs = clock.nowMs() - verifiedAtMs;
  return ageMs >= 0 && ageMs < KNOWN_MS_MAX;
}

/** `undefined` for a token that would not be good even if it had not expired. */
async function verifyJwt<Subject extends object>(
  jwt: Jwt,
  rules: JwtRules<Subject>,
): Promise<KnownJwt<Subject> | undefined> {
  const { header, claims } = jwt;
  const expiresAtMs = expiryMs(claims);
  // Extensions that must be understood (RFC 7515 §4.1.11): none is.
  if (expiresAtMs === undefined || 'crit' in header || 'b64' in header) return undefined;
  if (!(await rules.isSigned(jwt))) return undefined;
  const verifiedAtMs = rules.clock.nowMs();
  if (!meetsRules(jwt, rules, verifiedAtMs)) return undefined;
  const subject = await rules.accept(claims, expiresAtMs);
  return subject && { subject, expiresAtMs, verifiedAtMs };
}
