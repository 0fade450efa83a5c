import { z } from 'zod';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Limit } from '../plans/limit.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';
import { parseLimits } from '../plans/parse-limits.ts';
import type { Identity } from '../plans/scope.ts';
import type { AuthContext, Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';
import { clientAddress } from './client-address.ts';

export interface AnonymousOptions {
  /** Names the device, say by a header of your app; 8 to 256 characters. Whoever writes that header can
   * write another one, so give `perAddress` too. Default: the address itself is the user. */
  readonly device?: (request: GuardRequest) => string | undefined;
  /** How many proxies of your own stand before the backend; default 0, which believes no
   * `X-Forwarded-For`. One too many, and callers choose their address. */
  readonly trustProxy?: number;
  /** Limits of all anonymous users of one address (an IPv6 /64 counts as one) together. */
  readonly perAddress?: readonly LimitSpec[];
  /** Becomes `user.plan`. */
  readonly plan?: string;
}

/** What an SDK that must have a key sends for none. */
const NO_KEY = 'anonymous';
const shape = z.strictObject({
  device: z.custom<() => unknown>((value) => typeof value === 'function').optional(),
  trustProxy: z.int().min(0).max(32).default(0),
  perAddress: z.array(z.unknown()).default([]),
  plan: z.string().min(1).optional(),
});
const DEVICE = /^[\x21-\x7e]{8,256}$/;

/**
 * Serves callers who have not signed in, as users with `anonymous: true`, by device or by address; put
 * it last in `anyOf`. Only for requests without a credential, or with the key `anonymous`: a bad
 * credential stays bad. The option `anonymousLimits` bounds all of them together, and
 * `guard.users.merge` carries over what one used when he signs up. Neither address nor device reaches
 * the store: users are named by keyed hashes. Throws where the address is not known (`guard.handler`
 * without `remoteAddress`).
 */
export function anonymous(options: AnonymousOptions = {}): Authenticator {
  const { trustProxy, perAddress, plan } = parseOrThrow(shape, options, 'anonymous');
  const limits = parseLimits(perAddress, 'anonymous.perAddress');
  const { device } = options;
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

/** The limits of an address are counted like those of a key: besides the user's own. */
function scopeOf(
  address: string,
  limits: readonly Limit[],
  context: AuthContext,
): NonNullable<Identity['scope']> {
  return { id: `address:${context.pseudonymOf(`address:${address}`)}`, limits };
}

const unknownAddress = () =>
  new TypeError(
    'anonymous(): the address of the caller is not known. Pass "remoteAddress" to guard.handler, or set "trustProxy"',
  );
