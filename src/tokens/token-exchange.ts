import { randomUUID } from 'node:crypto';
import type { Attestation } from '../auth/all-of.ts';
import type { AuthContext, Authenticator } from '../auth/authenticator.ts';
import {
  bearerCredential,
  INVALID_CREDENTIAL,
  invalidCredential,
} from '../auth/bearer-credential.ts';
import { crossSiteDenial } from '../auth/cross-site.ts';
import type { Clock } from '../base/clock.ts';
import { withHookDeadline } from '../base/deadline.ts';
import type { DerivedKeys } from '../base/derived-keys.ts';
import { activeBlock } from '../core/block.ts';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse } from '../core/response.ts';
import { parseUser, type User, type UserSpec } from '../core/user.ts';
import { NO_AMOUNTS } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BodyBounds } from '../openai/request/read-json.ts';
import { lookUpLimits, singleAccount } from '../plans/accounts.ts';
import { explainDenial, needOf } from '../plans/explain-denial.ts';
import type { Limit } from '../plans/limit.ts';
import { onlyOwn } from '../plans/limit-levels.ts';
import { blockedDenial, type UserStates } from '../users/user-states.ts';
import { mintToken } from './mint-token.ts';
import { type RequestedScope, readRequestedScope } from './narrow.ts';
import type { StoredToken } from './token-form.ts';
import type { TokenVerifier } from './token-verifier.ts';

export interface ExchangeSettings {
  readonly auth: Authenticator;
  readonly attest: Attestation | undefined;
  readonly user: (user: User) => UserSpec;
  readonly ttlMs: number;
  readonly lifetimeMs: number;
  readonly limits: readonly Limit[];
}

export interface ExchangeParts {
  readonly exchange: ExchangeSettings;
  readonly ledger: Ledger;
  readonly states: UserStates;
  readonly verifier: TokenVerifier;
  readonly context: AuthContext;
  readonly keys: DerivedKeys;
  readonly clock: Clock;
  readonly hookMs: number;
  readonly body: BodyBounds;
}

/** The user of a new token, and until when it may live. */
type TokenBasis = Pick<StoredToken, 'user' | 'generation' | 'lifetimeEndsAtMs'> &
  Partial<StoredToken>;

const HOLD = { durationMs: 60_000, dispatched: false };
const ONE_REQUEST = { ...NO_AMOUNTS, requests: 1 };

/**
 * Returns a short-lived token for a login, or a fresh token for one that was issued here and can still be
 * refreshed. The lifetime that began with the login is never exceeded, and the scope is never widened.
 */
export async function exchangeToken(
  request: GuardRequest,
  parts: ExchangeParts,
): Promise<GuardResponse | Denial> {
  if (request.method !== 'POST') {
    return deny('method_not_allowed', 'Use POST here.', { allow: 'POST' });
  }
  const crossSite = crossSiteDenial(request);
  if (crossSite !== undefined) return crossSite;
  const basis = await basisOf(request, parts);
  if (isDenial(basis)) return basis;
  const block = activeBlock(await parts.states.get(basis.user.id), parts.clock.nowMs());
  if (block !== undefined) return blockedDenial(block.reason);
  const requested = await readRequestedScope(request, parts.body, basis);
  if (isDenial(requested)) return requested;
  return (await count(parts, basis.user)) ?? respond(parts, basis, requested);
}

async function basisOf(request: GuardRequest, parts: ExchangeParts): Promise<TokenBasis | Denial> {
  const credential = bearerCredential(request);
  const refreshed = credential && (await parts.verifier.verifyRefreshable(credential));
  return refreshed || basisOfLogin(request, parts);
}

async function basisOfLogin(
  request: GuardRequest,
  { exchange, context, states, clock, hookMs }: ExchangeParts,
): Promise<TokenBasis | Denial> {
  const identified = await withHookDeadline(
    // A user token is not a login: a token from `tokens.issue` cannot be exchanged for more tokens.
    exchange.auth.authenticate(request, { ...context, verifyUserToken: () => undefined }),
    hookMs,
    'exchange.auth',
  );
  if (identified === undefined) return invalidCredential(request);
  if (isDenial(identified)) return identified;
  const { attest } = exchange;
  if (attest !== undefined && !(await attests(request, attest, hookMs))) return INVALID_CREDENTIAL;
  const user = parseUser(exchange.user(identified.user));
  const { generation } = await states.get(user.id);
  const issuedAtMs = clock.nowMs();
  return { user, generation, issuedAtMs, lifetimeEndsAtMs: issuedAtMs + exchange.lifetimeMs };
}

const attests = async (
  request: GuardRequest,
  attest: Attestation,
  hookMs: number,
): Promise<boolean> =>
  (await withHookDeadline(attest(request), hookMs, 'exchange.attest')) === true;

/** Limits how many tokens a user gets, because each is a record in the store. */
async function count(
  { exchange: { limits }, ledger, clock }: ExchangeParts,
  user: User,
): Promise<Denial | undefined> {
  const nowMs = clock.nowMs();
  await lookUpLimits(user, onlyOwn(limits), nowMs);
  const accounts = singleAccount(`exchange:${user.id}`, limits, user, nowMs);
  const id = randomUUID();
  const decision = await ledger.reserve(id, accounts.applied, ONE_REQUEST, HOLD);
  if (!decision.granted) return explainDenial(decision, accounts, nowMs, needOf(ONE_REQUEST));
  await ledger.settle(id, ONE_REQUEST);
  return undefined;
}

async function respond(
  { exchange, ledger, keys, clock }: ExchangeParts,
  basis: TokenBasis,
  requested: RequestedScope,
): Promise<GuardResponse> {
  const nowMs = clock.nowMs();
  const { ttlMs = exchange.ttlMs, ...scope } = requested;
  const lifetimeEndsAtMs = basis.lifetimeEndsAtMs ?? nowMs;
  const lastsMs = Math.min(ttlMs, exchange.ttlMs, lifetimeEndsAtMs - nowMs);
  const { singleUse } = scope;
  const { lifetimeEndsAtMs: _, ...once } = basis;
  const token = { ...(singleUse ? once : basis), ...scope, expiresAtMs: nowMs + lastsMs };
  const { id, value } = await mintToken(token, ledger.records, keys);
  const body = {
    id,
    value,
    expires_at: Math.floor(token.expiresAtMs / 1000),
    ...(!singleUse && { refreshable_until: Math.floor(lifetimeEndsAtMs / 1000) }),
  };
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
