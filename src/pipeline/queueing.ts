import type { Clock } from '../base/clock.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { Balance, Claim } from '../ledger/ledger.ts';
import { type Accounts, userAccount } from '../plans/accounts.ts';
import type { QueuedCall } from '../upstream/queue/queued-call.ts';
import type { Route } from '../upstream/upstreams.ts';
import type { InFlightCalls } from './in-flight.ts';
import type { Authorized } from './states.ts';

export interface SpreadParts {
  readonly calls: Pick<InFlightCalls, 'countOf'>;
  readonly isInProcess: boolean;
}

const BATCH_WEIGHT = 0.2;

/** Returns how a call queues. `spread`: the part of its user's calls that are in this process. */
export function queuedCall(call: Authorized, spread = 1): QueuedCall {
  const { identity, plan, priority } = call;
  return {
    userId: identity.user.id,
    weight: plan.weight * spread * (priority === 'batch' ? BATCH_WEIGHT : 1),
    tokens: upstreamTokensOf(call),
  };
}

/** What an upstream counts of a call before it answers. */
const upstreamTokensOf = ({ built, estimatedInputTokens }: Authorized): number =>
  estimatedInputTokens + built.outputCapTokens;

/** Returns why an upstream can never take this call, or why it may not even wait. Asked before the ledger,
 * so that the refused calls of a flood cost nothing there. */
export function denialByUpstream(call: Authorized, clock: Clock): Denial | undefined {
  const { route, identity } = call;
  const tokens = upstreamTokensOf(call);
  if (route.targets.every((target) => target.isTooLarge(tokens))) {
    return deny(
      'call_exceeds_limit',
      `This call may need ${tokens} tokens, and the model takes fewer at once here. Send less, or ask for less output.`,
    );
  }
  // With an empty queue it may not have to wait, even if none may.
  if (route.queue.isEmpty || route.queue.hasRoom(identity.user.id)) return undefined;
  return busy(route, clock.nowMs());
}

/** The denial of a call that waited in vain, or that may not wait. */
export function busy({ targets }: Route, nowMs: number): Denial {
  const opensAtMs = Math.min(...targets.map((target) => target.opensAtMs));
  return deny('upstream_busy', 'Too many calls are waiting for their turn. Try again shortly.', {
    resetsAtMs: Number.isFinite(opensAtMs) ? Math.max(nowMs, opensAtMs) : nowMs,
  });
}

/** Counts the calls of a user that wait in any process. No user reaches its amount. */
const WAITING = { kind: 'concurrent', key: 'waiting', unit: 'concurrent', amount: 1e9 } as const;

/** Returns the claims of a call that waits. One of them counts the user's calls in all processes. */
export function claimsToWait(
  { identity }: Authorized,
  { applied }: Accounts,
  { isInProcess }: SpreadParts,
): readonly Claim[] {
  const account = userAccount(identity.user);
  if (isInProcess || placeOfConcurrent(applied, account) >= 0) return applied;
  return [...applied, { account, scope: 'own', rule: WAITING }];
}

/** Returns the part of the user's calls that are in this process, above 0. A user whose calls are spread
 * over all processes would otherwise count fully in each of them. */
export function spreadOver(
  claims: readonly Claim[],
  balances: readonly Balance[],
  { identity }: Authorized,
  { calls }: SpreadParts,
): number {
  const balance = balances[placeOfConcurrent(claims, userAccount(identity.user))];
  const inAll = balance === undefined ? 0 : balance.used + balance.held;
  const here = Math.max(1, calls.countOf(identity.user.id));
  return inAll > here ? here / inAll : 1;
}

const placeOfConcurrent = (claims: readonly Claim[], of: string): number =>
  claims.findIndex(({ rule, account }) => rule.kind === 'concurrent' && account === of);
