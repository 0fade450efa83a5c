import * as z from 'zod';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Limit } from '../plans/limit.ts';
import { limitSpecs } from '../plans/limit-spec.ts';
import { parsePassingLimits } from '../plans/parse-limits.ts';
import type { Identity } from '../plans/plan.ts';
import type { AuthContext, Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';
import { clientAddress } from './client-address.ts';

const anonymousShape = {
  /** Returns an id of the device, for example from a header of your app; 8 to 256 characters. A caller
   * can change that header, so set `perAddress` too. Without it, each address is one user. */
  device: callback<(request: GuardRequest) => string | undefined>().optional(),
  /** How many proxies of your own are in front of the backend. If it is too high, callers can choose
   * their address.
   * @default 0 (ignores `X-Forwarded-For`) */
  trustProxy: z.int().min(0).max(32).default(0),
  /** Limits of all anonymous users of one address together. An IPv6 /64 counts as one address.
   * @default [] */
  perAddress: limitSpecs.default([]),
  /** Becomes `user.plan`. */
  plan: z.string().min(1).optional(),
};

/** The options of `anonymous`. */
export interface AnonymousOptions
  extends RequiredOptions<typeof anonymousShape>,
    OptionalOptions<typeof anonymousShape> {}

/** What an app sends if its SDK requires a key. */
const NO_KEY = 'anonymous';
const DEVICE = /^[\x21-\x7e]{8,256}$/;

/**
 * Identifies callers who have not signed in, by their device or address. Such users have
 * `anonymous: true`. Put it last in `anyOf`. It applies to requests without a credential or with the key
 * `anonymous`. A bad credential stays bad.
 *
 * The option `anonymousLimits` limits all anonymous users together. `guard.users.merge` carries their
 * usage over when they sign up. Addresses and devices do not reach the store, because the ids are keyed
 * hashes. Throws when the address is unknown (`guard.handler` without `remoteAddress`).
 *
 * @example
 * ```ts
 * const auth = anyOf(
 *   userTokens(),
 *   anonymous({
 *     device: (request) => request.header('x-device-id'),
 *     perAddress: [{ requests: 10, per: '24h' }],
 *     trustProxy: 1,
 *   }),
 * );
 * ```
 */
export function anonymous(options: AnonymousOptions = {}): Authenticator {
  const settings = parseOrThrow(optionsSchema(anonymousShape), options, 'anonymous');
  const { device, trustProxy, plan } = settings;
  const limits = parsePassingLimits(settings.perAddress, 'anonymous.perAddress');
  return {
    authenticate(request, context) {
      if (hasCredential(request)) return undefined;
      const address = clientAddress(request, trustProxy);
      if (address === undefined) throw unknownAddress();
      const name = device === undefined ? `address:${address}` : deviceName(device(request));
      if (name === undefined) return undefined;
      const id = `anonymous:${context.pseudonymOf(name)}`;
      const user = { id, anonymous: true, ...(plan !== undefined && { plan }) };
      return limits.length === 0 ? { user } : { user, scope: scopeOf(address, limits, context) };
    },
  };
}

function hasCredential(request: GuardRequest): boolean {
  if (request.header('authorization') === undefined) return false;
  return bearerCredential(request) !== NO_KEY;
}

function deviceName(device: string | undefined): string | undefined {
  return device !== undefined && DEVICE.test(device) ? `device:${device}` : undefined;
}

/** The limits of an address count like those of a token: in addition to the user's own. */
function scopeOf(
  address: string,
  limits: readonly Limit[],
  context: AuthContext,
): NonNullable<Identity['scope']> {
  return { id: `address:${context.pseudonymOf(`address:${address}`)}`, limits };
}

const unknownAddress = () =>
  new TypeError(
    'anonymous(): the address of the caller is unknown. Pass "remoteAddress" to guard.handler, or set "trustProxy"',
  );
