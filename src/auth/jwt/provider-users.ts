import { z } from 'zod';
import { type Clock, systemClock } from '../../base/clock.ts';
import { parseDurationMs } from '../../base/duration.ts';
import type { Authenticator } from '../authenticator.ts';
import { type JwtUserRules, jwtUsers } from './jwt-users.ts';
import type { KeySource } from './key-lookup.ts';
import { type KeysAt, keySet } from './key-set.ts';
import { type JwtAlgorithm, type SignatureCheck, signedBy } from './signatures.ts';

/** The options that every preset takes in addition to its own. */
export interface ProviderOptions {
  /** Replaces the place where the provider publishes its keys, for a test or a mirror. */
  readonly jwks?: KeysAt;
  /** How far clocks may differ, at most `'30s'`. Default `'5s'`. */
  readonly skew?: string;
  /** Tells the time, for tests. By default, the clock of the system. */
  readonly clock?: Clock;
}

const SKEW_MS_MAX = 30_000;
const clockShape = z.custom<Clock>(
  (value) => typeof value === 'object' && value !== null && 'nowMs' in value,
  'must have a method "nowMs"',
);

/** The options above, for the shape of each preset. */
export const providerShape = {
  jwks: z.unknown().optional(),
  skew: z
    .string()
    .default('5s')
    .transform((skew) => parseDurationMs(skew, 'skew'))
    .refine((skewMs) => skewMs <= SKEW_MS_MAX, 'must be at most "30s"'),
  clock: clockShape.default(() => systemClock),
};

export const text = z.string({ error: 'must be a non-empty string' }).min(1, 'must not be empty');
const listOfTexts = z.array(text).min(1, 'must not be empty');
/** The parsed value is always a list. */
export const oneOrMore = z
  .union([text, listOfTexts], 'must be a non-empty string, or a list of them')
  .transform((value) => (typeof value === 'string' ? [value] : value));

/** The options above, parsed. */
interface ParsedProviderOptions {
  readonly jwks?: unknown;
  /** In milliseconds. */
  readonly skew: number;
  readonly clock: Clock;
}

interface ProviderRules
  extends Pick<JwtUserRules, 'issuer' | 'audience' | 'requiredClaims' | 'user'> {
  readonly algorithms: readonly JwtAlgorithm[];
  /** Where the provider publishes its keys. */
  readonly keys: string | KeySource;
  /** Wraps or replaces the check of signatures by those keys. */
  checkSignature?(byKeys: SignatureCheck): SignatureCheck;
}

/** Identifies the users of one provider, by its own rules. `name` is the preset, for error messages. */
export function providerUsers(
  name: string,
  { jwks, skew, clock }: ParsedProviderOptions,
  { algorithms, keys, checkSignature = (byKeys) => byKeys, ...rules }: ProviderRules,
): Authenticator {
  const published = typeof keys === 'string' ? keySet(keys, name, clock) : keys;
  const source = jwks === undefined ? published : keySet(jwks, `${name}.jwks`, clock);
  const isSigned = checkSignature(signedBy(source, algorithms));
  return jwtUsers({ ...rules, isSigned, skewMs: skew, clock });
}
