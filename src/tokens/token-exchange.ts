import { randomUUID } from 'node:crypto';
import type { Attest } from '../auth/all-of.ts';
import type { AuthContext, Authenticator } from '../auth/authenticator.ts';
import { bearerCredential, INVALID_CREDENTIAL } from '../auth/bearer-credential.ts';
import type { Clock } from '../base/clock.ts';
import { withHookDeadline } from '../base/deadline.ts';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { GuardAnswer } from '../core/response.ts';
import { parseUser, type User } from '../core/user.ts';
import { NO_AMOUNTS } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BodyBounds } from '../openai/request/read-json.ts';
import { explainDenial } from '../plans/explain-denial.ts';
import type { Limit } from '../plans/limit.ts';
import { activeBlock, blockedDenial, type UserStates } from '../users/user-states.ts';
import type { Mint } from './mint-token.ts';
import { readWish, type Wish } from './narrow.ts';
import type { StoredToken } from './token-form.ts';
import type { TokenVerifier } from './token-verifier.ts';

export interface ExchangeSettings {
  readonly auth: Authenticator;
  readonly attest: Attest | undefined;
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

type Exchange = (request: GuardRequest) => Promise<GuardAnswer | Denial>;

/** Whom a new token is for, and how far its life may reach. */
type Grounds = Pick<StoredToken, 'user' | 'generation' | 'lifetimeEndsAtMs'> & Partial<StoredToken>;

const HOLD = { durationMs: 60_000, dispatched: false };
const ONE_REQUEST = { ...NO_AMOUNTS, requests: 1 };

/**
 * Answers a short-lived token for a login, or a fresh one for a token that came from here and still
 * lives: never for longer than the lifetime that began with the login, and never wider.
 */
export function createTokenExchange(parts: ExchangeParts, settings: ExchangeSettings): Exchange {
  return async (request) => {
    if (request.method !== 'POST') {
      return deny('method_not_allowed', 'Use POST here.', { allow: 'POST' });
    }
    const grounds = await groundsOf(request, parts, settings);
    if (isDenial(grounds)) return grounds;
    const { block } = await parts.states.get(grounds.user.id);
    if (block && activeBlock({ block, generation: 0 }, parts.clock.nowMs())) {
      return blockedDenial(block.reason);
    }
    const wish = await readWish(request, parts.body, grounds);
    if (isDenial(wish)) return wish;
    return (
      (await count(parts, settings.limits, grounds.user)) ?? mintFor(parts, settings, grounds, wish)
    );
  };
}

async function groundsOf(
  request: GuardRequest,
  { context, verifier, states, clock, hookMs }: ExchangeParts,
  settings: ExchangeSettings,
): Promise<Grounds | Denial> {
  const credential = bearerCredential(request);
  const refreshed = credential && (await verifier.verifyRefreshable(credential));
  if (refreshed) return refreshed;
  const identified = await withHookDeadline(
    // Temporary keys are no login: nobody makes a key from a key that he was given otherwise.
    settings.auth.authenticate(request, { ...context, verifyAccessToken: () => undefined }),
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

const attests = async (request: GuardRequest, attest: Attest, hookMs: number): Promise<boolean> =>
  (await withHookDeadline(attest(request), hookMs, 'exchange.attest')) === true;

/** Tokens fill the store, so a user gets only so many of them. */
async function count(
  { ledger, clock }: ExchangeParts,
  limits: readonly Limit[],
  user: User,
): Promise<Denial | undefined> {
  const nowMs = clock.nowMs();
  const subject = `exchange:${user.id}`;
  const claims = limits.map((limit) => ({ subject, rule: limit.ruleFor(user, nowMs) }));
  const id = randomUUID();
  const decision = await ledger.reserve(id, claims, ONE_REQUEST, HOLD);
  if (!decision.granted)
    return explainDenial(decision, { limits, claims, ownLimits: limits }, nowMs);
  await ledger.settle(id, ONE_REQUEST);
  return undefined;
}

async function mintFor(
  { mint, clock }: ExchangeParts,
  settings: ExchangeSettings,
  grounds: Grounds,
  wish: Wish,
): Promise<GuardAnswer> {
  const nowMs = clock.nowMs();
  const { ttlMs = settings.ttlMs, ...scope } = wish;
  const lifetimeEndsAtMs = grounds.lifetimeEndsAtMs ?? nowMs;
  const lastsMs = Math.min(ttlMs, settings.ttlMs, lifetimeEndsAtMs - nowMs);
  const { singleUse } = scope;
  const { lifetimeEndsAtMs: _, ...once } = grounds;
  const token = { ...(singleUse ? once : grounds), ...scope, expiresAtMs: nowMs + lastsMs };
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
