import { createHash } from 'node:crypto';
import { moveCredits } from '../accounts/credits.ts';
import type { Clock } from '../base/clock.ts';
import type { UserId, UserSpec } from '../core/user.ts';
import { amounts, NO_AMOUNTS } from '../ledger/amounts.ts';
import type { Claim, Ledger } from '../ledger/ledger.ts';
import { type LimitBalance, limitBalances } from '../plans/limit-status.ts';
import type { BlockedUsers } from './blocked-users.ts';
import { creditAccount, type UserAccounts } from './usage.ts';
import type { UserStates } from './user-states.ts';

const RECORD_PREFIX = 'merged:';
/** Longer than a yearly window, so that a later repeat finds empty windows. */
const REMEMBERED_MS = 400 * 86_400_000;
/** Long enough to post a charge. It holds nothing. */
const LEASE = { durationMs: 60_000, dispatched: false };

interface MergeParts {
  readonly ledger: Ledger;
  readonly states: UserStates;
  readonly accounts: UserAccounts;
  readonly blockedUsers: Pick<BlockedUsers, 'block'>;
  readonly clock: Clock;
}

/** See `Users.merge`. Both users are in the id of each charge, so that a repeat charges nothing twice. */
export function createMerge({
  ledger,
  states,
  accounts,
  blockedUsers,
  clock,
}: MergeParts): (from: UserId | UserSpec, to: UserId | UserSpec) => Promise<boolean> {
  const charge = async (id: string, claim: Claim, used: number): Promise<void> => {
    const { granted } = await ledger.reserve(id, [claim], NO_AMOUNTS, LEASE);
    // A denial means that the limit is full already.
    if (granted) await ledger.settle(id, amounts({ [claim.rule.unit]: used }));
  };
  return async (from, to) => {
    const source = await accounts.account(from, 'users.merge');
    const target = await accounts.account(to, 'users.merge');
    if (source.user.id === target.user.id) return false;
    const name = nameOf(source.user.id, target.user.id);
    if ((await ledger.records.get(RECORD_PREFIX + name)) !== undefined) return false;
    const balances = await ledger.read(source.accounts.applied);
    const sources = limitBalances(source.accounts.applied, balances);
    for (const claim of target.accounts.applied) {
      const used = usedOf(claim, sources);
      if (claim.rule.kind !== 'concurrent' && !claim.limit.isCredit && used > 0)
        await charge(`merge:${name}:${claim.rule.key}`, claim, used);
    }
    await moveCredits(
      creditAccount(source.user),
      creditAccount(target.user),
      `merge:${name}`,
      ledger,
    );
    const { block } = await states.get(source.user.id);
    if (block) await blockedUsers.block(target.user.id, block);
    const expiresAtMs = clock.nowMs() + REMEMBERED_MS;
    return ledger.records.put(RECORD_PREFIX + name, '1', { ifVersion: 0, expiresAtMs });
  };
}

function usedOf({ rule }: Claim, sources: readonly LimitBalance[]): number {
  return sources.find(({ claim }) => claim.rule.key === rule.key)?.balance.used ?? 0;
}

function nameOf(from: string, to: string): string {
  return createHash('sha256')
    .update(JSON.stringify([from, to]))
    .digest('base64url');
}
