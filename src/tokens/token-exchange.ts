import { randomUUID } from 'node:crypto';
import type { Attestation } from '../auth/all-of.ts';
import type { AuthContext, Authenticator } from '../auth/authenticator.ts';
import { bearerCredential, INVALID_CREDENTIAL } from '../auth/bearer-credential.ts';
import type { Clock } from '../base/clock.ts';
import { withHookDeadline } from '../base/deadline.ts';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse } from '../core/response.ts';
import { parseUser, type User } from '../core/user.ts';
import { NO_AMOUNTS } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BodyBounds } from '../openai/request/read-json.ts';
import { singleAccount } from '../plans/accounts.ts';
import { explainDenial } from '../plans/explain-denial.ts';
import type { Limit } from '../plans/limit.ts';
import { activeBlock, blockedDenial, type UserStates } from '../users/user-states.ts';
import type { Mint } from './mint-token.ts';
import { type RequestedScope, readRequestedScope } from './narrow.ts';
import type { StoredToken } from './token-form.ts';
import type { TokenVerifier } from './token-verifier.ts';

export interface ExchangeSettings {
  readonly auth: Authenticator;
  readonly attest: Attestation | undefined;
  readonly user: (user: User) => User;
  readonly ttlMs: number;
  readonly lifetimeMs: number;
  readonly limits: readonly Limit[];
}

export interface ExchangeParts {
  readonly ledger: Ledger;
  readonly states: UserStates;
  readonly verifier: TokenVerifier;
  readonly context: AuthContext;
  readonly mint: Mint;
  readonly clock: Clock;
  readonly hookMs: number;
  readonly body: BodyBounds;
}

type TokenExchange = (request: GuardRequest) => Promise<GuardResponse | Denial>;

/** Whom a new token is for, and how far its life may reach. */
type TokenBasis = Pick<StoredToken, 'user' | 'generation' | 'lifetimeEndsAtMs'> &
  Partial<StoredToken>;

const HOLD = { durationMs: 60_000, dispatched: false };
const ONE_REQUEST = { ...NO_AMOUNTS, requests: 1 };

/**
 * Answers a short-lived token for a login, or a fresh one for a token that came from here and still
 * lives: never for longer than the lifetime that began with the login, and never wider.
 */
export function createTokenExchange(
  parts: ExchangeParts,
  settings: ExchangeSettings,
): TokenExchange {
  return async (request) => {
    if (request.method !== 'POST') {
      return deny('method_not_allowed', 'Use POST here.', { allow: 'POST' });
    }
    const basis = await basisOf(request, parts, settings);
    if (isDenial(basis)) return basis;
    const { block } = await parts.states.get(basis.user.id);
    if (block && activeBlock({ block, generation: 0 }, parts.clock.nowMs())) {
      return blockedDenial(block.reason);
    }
    const requested = await readRequestedScope(request, parts.body, basis);
    if (isDenial(requested)) return requested;
    return (
      (await count(parts, settings.limits, basis.user)) ??
      mintFor(parts, settings, basis, requested)
    );
  };
}

async function basisOf(
  request: GuardRequest,
  { context, verifier, states, clock, hookMs }: ExchangeParts,
  settings: ExchangeSettings,
): Promise<TokenBasis | Denial> {
  const credential = bearerCredential(request);
  const refreshed = credential && (await verifier.verifyRefreshable(credential));
  if (refreshed) return refreshed;
  const identified = await withHookDeadline(
    // Temporary keys are no login: nobody makes a key from a key that he was given otherwise.
    settings.auth.authenticate(request, { ...context, verifyUserToken: () => undefined }),
    hookMs,
    'exchange.auth',
  );
  if (identified === undefined) return INVALID_CREDENTIAL;
  if (isDenial(identified)) return identified;
  const attested =
    settings.attest === undefined || (await attests(request, settings.attest, hookMs));
  if (!attested) return INVALID_CREDENTIAL;
  const user = parseUser(settings.user(identified.user));
  const { generation } = await states.get(user.id);
  return { user, generation, lifetimeEndsAtMs: clock.nowMs() + settings.lifetimeMs };
}

const attests = async (
  request: GuardRequest,
  attest: Attestation,
  hookMs: number,
): Promise<boolean> =>
  (await withHookDeadline(attest(request), hookMs, 'exchange.attest')) === true;

/** Tokens fill the store, so a user gets only so many of them. */
async function count(
  { ledger, clock }: ExchangeParts,
  limits: readonly Limit[],
  user: User,
): Promise<Denial | undefined> {
  const nowMs = clock.nowMs();
  const accounts = singleAccount(`exchange:${user.id}`, limits, user, nowMs);
  const id = randomUUID();
  const decision = await ledger.reserve(id, accounts.applied, ONE_REQUEST, HOLD);
  if (!decision.granted) return explainDenial(decision, accounts, nowMs);
  await ledger.settle(id, ONE_REQUEST);
  return undefined;
}

async function mintFor(
  { mint, clock }: ExchangeParts,
  settings: ExchangeSettings,
  basis: TokenBasis,
  requested: RequestedScope,
): Promise<GuardResponse> {
  const nowMs = clock.nowMs();
  const { ttlMs = settings.ttlMs, ...scope } = requested;
  const lifetimeEndsAtMs = basis.lifetimeEndsAtMs ?? nowMs;
  const lastsMs = Math.min(ttlMs, settings.ttlMs, lifetimeEndsAtMs - nowMs);
  const { singleUse } = scope;
  const { lifetimeEndsAtMs: _, ...once } = basis;
  const token = { ...(singleUse ? once : basis), ...scope, expiresAtMs: nowMs + lastsMs };
  const { id, value } = await mint(token);
  const answer = {
    id,
    value,
    expires_at: Math.floor(token.expiresAtMs / 1000),
    ...(!singleUse && { refreshable_until: Math.floor(lifetimeEndsAtMs / 1000) }),
  };
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(answer),
  };
}
