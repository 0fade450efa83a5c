import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { Attestation } from '../all-of.ts';
import { createJwtVerifier, type Verified } from '../jwt/jwt-verifier.ts';
import { keySet } from '../jwt/key-set.ts';
import { type ProviderOptions, providerShape, text } from '../jwt/provider-users.ts';
import type { Claims } from '../jwt/read-jwt.ts';
import { signedBy } from '../jwt/signatures.ts';

export interface FirebaseAppCheckOptions extends ProviderOptions {
  readonly projectNumber: string;
  /** Must be in `aud` too, when given. */
  readonly projectId?: string;
  /** Firebase app ids that may call; default all of the project. */
  readonly appIds?: readonly string[];
  /** Accepts each token once; the app then sends `getLimitedUseToken()`, a new one for each attempt. */
  readonly replay?: 'reject';
}

const HEADER = 'x-firebase-appcheck';
const ISSUER = 'https://firebaseappcheck.googleapis.com/';
const shape = z.strictObject({
  projectNumber: text.regex(/^\d+$/, 'must be the number of the project, not its id'),
  projectId: text.optional(),
  appIds: z.array(text).min(1).optional(),
  replay: z.literal('reject').optional(),
  ...providerShape,
});

/**
 * Attests that the caller is your app, unmodified, by the App Check token in `X-Firebase-AppCheck`; it
 * says nothing of who uses it. False without a token, and for one of another project, or of an app
 * beyond `appIds`. Rules as in firebase-admin-node `src/app-check/token-verifier.ts`, 2026-11. Throws
 * `AuthenticationUnavailableError` when Google's keys cannot be had.
 *
 * With `replay: 'reject'`, this process remembers a token by its hash until it ends, the latest 100,000
 * of them. Google's own replay protection (`consume`) asks Google at each call and holds over all
 * processes; this one asks nobody, and a token may be used once in each process.
 */
export function firebaseAppCheck(options: FirebaseAppCheckOptions): Attestation {
  const parsed = parseOrThrow(shape, options, 'firebaseAppCheck');
  const { projectNumber, projectId, appIds, clock } = parsed;
  const verify = createJwtVerifier<Claims>({
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
  const isFirst = parsed.replay === 'reject' ? createFirstUse(clock, parsed.skew) : () => true;
  return async (request) => {
    const token = request.header(HEADER);
    if (token === undefined) return false;
    const verdict = await verify(token);
    return typeof verdict === 'object' && isFirst(token, verdict);
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

/** Whether a token comes for the first time; asking uses it up. */
function createFirstUse(
  clock: Clock,
  skewMs: number,
): (token: string, verified: Verified<Claims>) => boolean {
  const endOfUsed = new LRUCache<string, number>({ max: USED_TOKENS_MAX });
  return (token, { expiresAtMs }) => {
    const key = hash('sha256', token);
    if ((endOfUsed.get(key) ?? 0) > clock.nowMs()) return false;
    endOfUsed.set(key, expiresAtMs + skewMs);
    return true;
  };
}
