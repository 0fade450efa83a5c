import type { Claims, Jwt } from './read-jwt.ts';

/** What the claims of a token must be, in addition to a good signature. */
export interface ClaimRules {
  readonly issuer: string;
  /** `aud` must include one of them; `undefined` for tokens without `aud`, which another claim binds to
   * the app. */
  readonly audience: readonly string[] | undefined;
  readonly requiredClaims: readonly string[];
  readonly typ: string | undefined;
  readonly skewMs: number;
}

/** The end of the year 9999 (RFC 3339). A larger number is in milliseconds. */
const SECONDS_MAX = 253_402_300_799;

/** Whether a token meets the rules, apart from its end, which has a denial of its own. */
export function meetsRules({ header, claims }: Jwt, rules: ClaimRules, nowMs: number): boolean {
  const latestMs = nowMs + rules.skewMs;
  return (
    claims['iss'] === rules.issuer &&
    isFor(claims['aud'], rules.audience) &&
    rules.requiredClaims.every((name) => Object.hasOwn(claims, name)) &&
    (rules.typ === undefined || mediaType(header['typ']) === mediaType(rules.typ)) &&
    isPast(claims['iat'], latestMs) &&
    isPast(claims['nbf'], latestMs)
  );
}

/** Returns the end of a token, Unix ms; `undefined` unless `exp` is a whole number of seconds. */
export function expiryMs(claims: Claims): number | undefined {
  return isNumericDate(claims['exp']) ? claims['exp'] * 1000 : undefined;
}

/** Whether a claim is a time that has come, or is absent. */
export function isPast(claim: unknown, latestMs: number): boolean {
  return claim === undefined || (isNumericDate(claim) && claim * 1000 <= latestMs);
}

function isFor(claim: unknown, audience: readonly string[] | undefined): boolean {
  if (audience === undefined) return true;
  const named: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return named.every(isText) && named.some((name) => audience.includes(name));
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isNumericDate(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= SECONDS_MAX;
}

/** RFC 7515 §4.1.9: `application/` may be left out, and case does not matter. */
function mediaType(typ: unknown): string | undefined {
  return isText(typ) ? typ.toLowerCase().replace(/^application\//, '') : undefined;
}
