import * as z from 'zod';
import { clockSchema, systemClock } from '../../base/clock.ts';
import { duration } from '../../base/duration.ts';
import {
  type OptionalOptions,
  type OptionShape,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { Authenticator } from '../authenticator.ts';
import { type JwtUserRules, jwtUsers } from './jwt-users.ts';
import type { KeySource } from './key-lookup.ts';
import { type KeysAt, keySet } from './key-set.ts';
import {
  type JwtAlgorithm,
  PUBLIC_KEY_ALGORITHMS,
  type SignatureCheck,
  signedBy,
} from './signatures.ts';

const SKEW_MS_MAX = 30_000;

/** The options about time, which are the same for every JWT. */
export const timeShape = {
  /** How far clocks may differ, at most `'30s'`.
   * @default '5s' */
  skew: duration.refine((ms) => ms <= SKEW_MS_MAX, 'must be at most "30s"').prefault('5s'),
  /** Tells the time, for tests.
   * @default systemClock */
  clock: clockSchema.default(() => systemClock),
};

const providerShape = {
  /** Replaces the place where the provider publishes its keys, for a test or a mirror. */
  jwks: z.custom<KeysAt>().optional(),
  ...timeShape,
};

/** The options that every preset takes in addition to its own. */
export interface ProviderOptions
  extends RequiredOptions<typeof providerShape>,
    OptionalOptions<typeof providerShape> {}

type ProviderShape<Own extends OptionShape> = Own & typeof providerShape;

/** Parses the options of a preset: its own, and those of every preset. `name` is the preset. */
export function parseProvider<Own extends OptionShape>(
  name: string,
  own: Own,
  options: unknown,
): ParsedOptions<ProviderShape<Own>> {
  const shape: ProviderShape<Own> = { ...own, ...providerShape };
  return parseOrThrow(optionsSchema(shape), options, name);
}

export const text = z.string({ error: 'must be a non-empty string' }).min(1, 'must not be empty');
const texts = z.array(text).min(1, 'must not be empty').readonly();
/** The parsed value is always a list. */
export const oneOrMore: z.ZodType<readonly string[], string | readonly string[]> = z
  .union([text, texts], 'must be a non-empty string, or a list of them')
  .transform((value) => (typeof value === 'string' ? [value] : value));

const publicKeyAlgorithm: z.ZodType<JwtAlgorithm, JwtAlgorithm> = z.enum(PUBLIC_KEY_ALGORITHMS);
export const publicKeyAlgorithms = z.array(publicKeyAlgorithm).min(1).readonly();

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
  { jwks, skew, clock }: ParsedOptions<typeof providerShape>,
  { algorithms, keys, checkSignature = (byKeys) => byKeys, ...rules }: ProviderRules,
): Authenticator {
  const published = typeof keys === 'string' ? keySet(keys, name, clock) : keys;
  const source = jwks === undefined ? published : keySet(jwks, `${name}.jwks`, clock);
  const isSigned = checkSignature(signedBy(source, algorithms));
  return jwtUsers({ ...rules, isSigned, skewMs: skew, clock });
}
