import { z } from 'zod';
import type { Attestation } from '../auth/all-of.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { parseDurationMs } from '../base/duration.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { User } from '../core/user.ts';
import type { LimitSpec } from '../plans/limit.ts';
import { parseLimits } from '../plans/parse-limits.ts';
import type { ExchangeSettings } from '../tokens/token-exchange.ts';
import type { TokenSettings } from '../tokens/tokens.ts';

/** How an app's login becomes a temporary key. */
export interface ExchangeSpec {
  /** The login. Temporary keys are none: whoever was given one cannot make more of it. */
  readonly auth: Authenticator;
  /** What the app must prove besides, once for each login: App Attest, Play Integrity, App Check. */
  readonly attest?: Attestation;
  /** What is kept of the user with the key, in the store; default all that `auth` answered. */
  readonly user?: (user: User) => User;
  /** How long a key lives; default `'15m'`, at most `tokens.ttlMax`. */
  readonly ttl?: string;
  /** For how long after the login a key can be exchanged for a fresh one; default `'24h'`, at most 90
   * days. */
  readonly maxLifetime?: string;
  /** How many keys a user may get; default 60 per hour. */
  readonly limits?: readonly LimitSpec[];
}

const DAY_MS = 86_400_000;
const LIFETIME_MS_MAX = 90 * DAY_MS;
const LIMITS_DEFAULT: readonly LimitSpec[] = [{ requests: 60, per: '1h' }];

const callable = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === 'function',
  'must be a function',
);
const shape = z.strictObject({
  auth: z.looseObject({ authenticate: callable }),
  attest: callable.optional(),
  user: callable.optional(),
  ttl: z.string().default('15m'),
  maxLifetime: z.string().default('24h'),
  limits: z.array(z.unknown()).optional(),
});

/** Reads the option `exchange`. `TypeError` names the field that is wrong. */
export function parseExchange(
  spec: ExchangeSpec | undefined,
  { ttlMsMax }: TokenSettings,
): ExchangeSettings | undefined {
  if (spec === undefined) return undefined;
  const shaped = parseOrThrow(shape, spec, 'options.exchange');
  const ttlMs = parseDurationMs(shaped.ttl, 'options.exchange.ttl');
  const lifetimeMs = parseDurationMs(shaped.maxLifetime, 'options.exchange.maxLifetime');
  if (lifetimeMs > LIFETIME_MS_MAX) {
    throw new TypeError('"options.exchange.maxLifetime" must be at most 90 days');
  }
  return {
    auth: spec.auth,
    attest: spec.attest,
    user: spec.user ?? ((user) => user),
    ttlMs: Math.min(ttlMs, ttlMsMax),
    lifetimeMs,
    limits: parseLimits(shaped.limits ?? LIMITS_DEFAULT, 'options.exchange.limits'),
  };
}
