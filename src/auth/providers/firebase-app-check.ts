import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { Attestation } from '../all-of.ts';
import { JwtVerifier, type Verified } from '../jwt/jwt-verifier.ts';
import { keySet } from '../jwt/key-set.ts';
import { type ProviderOptions, parseProvider, text } from '../jwt/provider-users.ts';
import type { Claims } from '../jwt/read-jwt.ts';
import { signedBy } from '../jwt/signatures.ts';

const firebaseAppCheckShape = {
  /** The number of the project, not its id. */
  projectNumber: text.regex(/^\d+$/, 'must be the number of the project, not its id'),
  /** If given, `aud` must include it too. */
  projectId: text.optional(),
  /** Firebase app ids that may call. Without it, all apps of the project. */
  appIds: z.array(text).min(1).readonly().optional(),
  /** Accepts each token once. The app must then send a new `getLimitedUseToken()` with each attempt. */
  replay: z.literal('reject').optional(),
};

/** The options of `firebaseAppCheck`. */
export interface FirebaseAppCheckOptions
  extends ProviderOptions,
    RequiredOptions<typeof firebaseAppCheckShape>,
    OptionalOptions<typeof firebaseAppCheckShape> {}

const HEADER = 'x-firebase-appcheck';
const ISSUER = 'https://firebaseappcheck.googleapis.com/';

/**
 * Attests that the caller is your unmodified app, by the App Check token in `X-Firebase-AppCheck`. It
 * does not identify the user. False without a token, for a token of another project, and for an app
 * that is not in `appIds`. Rules as in firebase-admin-node `src/app-check/token-verifier.ts`, 2026-11.
 * Throws `AuthenticationUnavailableError` when Google's keys are not available.
 *
 * With `replay: 'reject'`, this process remembers the hashes of the latest 100,000 tokens until they
 * end. It makes no request, and a token can be used once in each process. Google's own replay
 * protection (`consume`) makes a request at each call and covers all processes.
 *
 * @example
 * ```ts
 * const attest = firebaseAppCheck({ projectNumber: '123456789012' });
 * ```
 */
export function firebaseAppCheck(options: FirebaseAppCheckOptions): Attestation {
  const parsed = parseProvider('firebaseAppCheck', firebaseAppCheckShape, options);
  const { projectNumber, projectId, appIds, clock } = parsed;
  const verifier = new JwtVerifier<Claims>({
    issuer: ISSUER + projectNumber,
    audience: [`projects/${projectNumber}`],
    requiredClaims: ['iat'],
    typ: 'JWT',
    skewMs: parsed.skew,
    clock,
    isSigned: signedBy(keySet(parsed.jwks ?? `${ISSUER}v1/jwks`, 'firebaseAppCheck.jwks', clock), [
      'RS256',
    ]),
    accept: (claims) => (isOfApp(claims, projectId, appIds) ? claims : undefined),
  });
  const used = parsed.replay === 'reject' ? new UsedTokens(clock, parsed.skew) : undefined;
  return async (request) => {
    const token = request.header(HEADER);
    if (token === undefined) return false;
    const verdict = await verifier.verify(token);
    if (typeof verdict !== 'object') return false;
    return used === undefined || used.use(token, verdict);
  };
}

function isOfApp(
  { sub, aud }: Claims,
  projectId: string | undefined,
  appIds: readonly string[] | undefined,
): boolean {
  if (typeof sub !== 'string' || sub === '') return false;
  const ofProject = projectId === undefined || [aud].flat().includes(`projects/${projectId}`);
  return ofProject && (appIds === undefined || appIds.includes(sub));
}

const USED_TOKENS_MAX = 100_000;

/** The tokens that were used in this process. */
class UsedTokens {
  readonly #skewMs: number;
  readonly #clock: Clock;
  readonly #endOfUsed = new LRUCache<string, number>({ max: USED_TOKENS_MAX });

  constructor(clock: Clock, skewMs: number) {
    this.#clock = clock;
    this.#skewMs = skewMs;
  }

  /** Uses a token up. False if it was used before. */
  use(token: string, { expiresAtMs }: Verified<Claims>): boolean {
    const key = hash('sha256', token);
    if ((this.#endOfUsed.get(key) ?? 0) > this.#clock.nowMs()) return false;
    this.#endOfUsed.set(key, expiresAtMs + this.#skewMs);
    return true;
  }
}
