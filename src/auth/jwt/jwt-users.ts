import type { Clock } from '../../base/clock.ts';
import { isPromiseLike } from '../../base/deadline.ts';
import type { Denial } from '../../core/denial.ts';
import { type User, userShape } from '../../core/user.ts';
import type { Identity } from '../../plans/plan.ts';
import type { Authenticator } from '../authenticator.ts';
import { bearerCredential, EXPIRED_CREDENTIAL, INVALID_CREDENTIAL } from '../bearer-credential.ts';
import { type JwtVerdict, JwtVerifier } from './jwt-verifier.ts';
import type { Claims } from './read-jwt.ts';
import type { SignatureCheck } from './signatures.ts';

/** The rules that `jwt` and the presets are made of. */
export interface JwtUserRules {
  readonly issuer: string;
  readonly audience: readonly string[] | undefined;
  readonly isSigned: SignatureCheck;
  readonly requiredClaims?: readonly string[];
  readonly typ?: string | undefined;
  readonly skewMs: number;
  readonly clock: Clock;
  user(claims: Claims): User | undefined | Promise<User | undefined>;
}

/** Identifies the users of one issuer by its bearer tokens. */
export function jwtUsers({ requiredClaims = [], typ, ...rules }: JwtUserRules): Authenticator {
  const accept = async (claims: Claims, expiresAtMs: number): Promise<Identity | undefined> => {
    const user = await rules.user(claims);
    return user && { user, expiresAtMs };
  };
  const verifier = new JwtVerifier({ ...rules, typ, requiredClaims, accept });
  return {
    authenticate(request) {
      const credential = bearerCredential(request);
      if (credential === undefined) return undefined;
      const verdict = verifier.verify(credential);
      return isPromiseLike(verdict) ? verdict.then(answerTo) : answerTo(verdict);
    },
  };
}

function answerTo(verdict: JwtVerdict<Identity>): Identity | Denial | undefined {
  if (typeof verdict === 'object') return verdict.subject;
  if (verdict === 'foreign') return undefined;
  return verdict === 'expired' ? EXPIRED_CREDENTIAL : INVALID_CREDENTIAL;
}

/** Returns the user of `sub`; `undefined` when it is missing or not a valid user id. */
export function subjectOf(
  claims: Claims,
  more: Omit<User, 'id' | 'claims'> = {},
): User | undefined {
  const id = claims['sub'];
  const user = { ...more, id, claims };
  return userShape.safeParse(user).success
    ? Object.freeze({ ...more, id: String(id), claims })
    : undefined;
}
