import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../base/clock.ts';
import type { Soon } from '../../base/deadline.ts';
import { type ClaimRules, expiryMs, meetsRules } from './check-claims.ts';
import { type Claims, JWT_LENGTH_MAX, type Jwt, readJwt } from './read-jwt.ts';
import type { SignatureCheck } from './signatures.ts';

interface JwtRules<Subject extends object> extends ClaimRules {
  readonly clock: Clock;
  readonly isSigned: SignatureCheck;
  /** Returns what verified claims are about; `undefined` rejects them. */
  accept(claims: Claims, expiresAtMs: number): Subject | undefined | Promise<Subject | undefined>;
}

export interface Verified<Subject> {
  readonly subject: Subject;
  readonly expiresAtMs: number;
}

/** `foreign`: not a JWT, or of another issuer. `expired`: good apart from its end. */
export type JwtVerdict<Subject> = Verified<Subject> | 'foreign' | 'invalid' | 'expired';

interface KnownJwt<Subject> extends Verified<Subject> {
  readonly verifiedAtMs: number;
}

const KNOWN_MS_MAX = 30_000;
const KNOWN_TOKENS_MAX = 10_000;
const KNOWN_CHARACTERS_MAX = 16 * 1024 * 1024;

/**
 * Verifies tokens by one set of rules. A token that was verified in the last 30 s costs a hash, and a
 * check of its end. At most 10,000 tokens and 16 Mi characters are cached.
 */
export class JwtVerifier<Subject extends object> {
  readonly #rules: JwtRules<Subject>;
  /** The key is the SHA-256 of the whole token, because users can share claims, or a part of a token. */
  readonly #known = new LRUCache<string, KnownJwt<Subject>>({
    max: KNOWN_TOKENS_MAX,
    maxSize: KNOWN_CHARACTERS_MAX,
  });

  constructor(rules: JwtRules<Subject>) {
    this.#rules = rules;
  }

  verify(text: string): Soon<JwtVerdict<Subject>> {
    if (text.length > JWT_LENGTH_MAX) return 'foreign';
    const key = hash('sha256', text);
    const verified = this.#known.get(key);
    if (verified !== undefined && isRecent(verified, this.#rules.clock))
      return this.#judge(verified);
    const jwt = readJwt(text);
    return jwt?.claims['iss'] === this.#rules.issuer ? this.#verifyNew(jwt, key) : 'foreign';
  }

  async #verifyNew(jwt: Jwt, key: string): Promise<JwtVerdict<Subject>> {
    const verified = await verifyJwt(jwt, this.#rules);
    if (verified === undefined) return 'invalid';
    this.#known.set(key, verified, { size: jwt.text.length });
    return this.#judge(verified);
  }

  #judge(verified: KnownJwt<Subject>): JwtVerdict<Subject> {
    const { clock, skewMs } = this.#rules;
    return verified.expiresAtMs + skewMs <= clock.nowMs() ? 'expired' : verified;
  }
}

function isRecent({ verifiedAtMs }: KnownJwt<object>, clock: Clock): boolean {
  const ageMs = clock.nowMs() - verifiedAtMs;
  return ageMs >= 0 && ageMs < KNOWN_MS_MAX;
}

/** Returns `undefined` for a token that is bad, whether or not it has expired. */
async function verifyJwt<Subject extends object>(
  jwt: Jwt,
  rules: JwtRules<Subject>,
): Promise<KnownJwt<Subject> | undefined> {
  const { header, claims } = jwt;
  const expiresAtMs = expiryMs(claims);
  // Extensions that must be understood (RFC 7515 §4.1.11). None is supported.
  if (expiresAtMs === undefined || 'crit' in header || 'b64' in header) return undefined;
  if (!(await rules.isSigned(jwt))) return undefined;
  const verifiedAtMs = rules.clock.nowMs();
  if (!meetsRules(jwt, rules, verifiedAtMs)) return undefined;
  const subject = await rules.accept(claims, expiresAtMs);
  return subject && { subject, expiresAtMs, verifiedAtMs };
}
