import type { z } from 'zod';
import type { Attestation } from '../auth/all-of.ts';
import { authenticator } from '../auth/authenticator.ts';
import { duration } from '../base/duration.ts';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
  type TypedOption,
} from '../base/option-schema.ts';
import type { User, UserSpec } from '../core/user.ts';
import { type LimitSpec, limitSpecs, type Per } from '../plans/limit-spec.ts';
import { parsePassingLimits } from '../plans/parse-limits.ts';
import type { AnchorLookups } from '../plans/user-anchors.ts';
import type { ExchangeSettings } from '../tokens/token-exchange.ts';

const LIFETIME_MS_MAX = 90 * 86_400_000;

/** The option in whose type the windows of limits are. */
const limitsShape = {
  /** How many tokens a user may get.
   * @default [{ requests: 60, per: '1h' }] */
  limits: limitSpecs.default([{ requests: 60, per: '1h' }]),
};

const exchangeShape = {
  /** The app's login. User tokens are not accepted here: a token cannot create another one. */
  auth: authenticator,
  /** Also attests the app, once for each login: App Attest, Play Integrity, App Check. */
  attest: callback<Attestation>().optional(),
  /** Returns the part of the user that is kept with the token, in the ledger's store. Called once for each
   * login.
   * @default (user: User) => user */
  user: callback<(user: User) => UserSpec>().default(() => (user: User) => user),
  /** How long a token lives, at most `tokens.ttlMax`.
   * @default '15m' */
  ttl: duration.prefault('15m'),
  /** The time after the login in which a token can be exchanged for a new one, at most 90 days.
   * @default '24h' */
  maxLifetime: duration
    .refine((ms) => ms <= LIFETIME_MS_MAX, 'must be at most 90 days')
    .prefault('24h'),
};

/** How a login becomes a user token. */
export interface ExchangeSpec<Window extends string = Per>
  extends RequiredOptions<typeof exchangeShape>,
    OptionalOptions<typeof exchangeShape>,
    Partial<TypedOption<typeof limitsShape, 'limits', readonly LimitSpec<Window>[]>> {}

export interface ParsedExchange
  extends ParsedOptions<typeof exchangeShape>,
    ParsedOptions<typeof limitsShape> {}

export const exchange: z.ZodType<ParsedExchange, ExchangeSpec> = optionsSchema({
  ...exchangeShape,
  ...limitsShape,
});

/** The exchange, as the guard takes it. `TypeError` names the limit that is wrong. */
export function exchangeSettings(
  { auth, attest, user, ttl, maxLifetime, limits }: ParsedExchange,
  ttlMsMax: number,
  lookups: AnchorLookups,
): ExchangeSettings {
  const counted = parsePassingLimits(limits, 'options.exchange.limits', lookups);
  const place = counted.findIndex(({ filter }) => filter !== undefined);
  if (place >= 0) {
    throw new TypeError(
      `"options.exchange.limits[${place}]" must not have "models" or "endpoints": it counts exchanges, which call none`,
    );
  }
  return {
    auth,
    attest,
    user,
    ttlMs: Math.min(ttl, ttlMsMax),
    lifetimeMs: maxLifetime,
    limits: counted,
  };
}
