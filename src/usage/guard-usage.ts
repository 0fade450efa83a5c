import { type LimitUsage, usageOfLimits } from '../accounts/limit-usage.ts';
import type { Clock } from '../base/clock.ts';
import type { User } from '../core/user.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { accountsOf, lookUpLimits } from '../plans/accounts.ts';
import { onlyOwn } from '../plans/limit-levels.ts';
import type { SharedLimits } from '../plans/shared-limits.ts';

/** What all users together have used. */
export interface GuardUsage {
  /**
   * Returns what is used and left of every global limit, in the order of the option `limits`, after those of the
   * option `anonymousLimits`, whose names begin with `anonymous-`. Reads the ledger's store once, and changes nothing.
   *
   * @example
   * ```ts
   * for (const { name, used, limit } of await guard.usage.limits()) console.log(name, used, limit);
   * ```
   */
  limits(): Promise<readonly LimitUsage[]>;
}

interface GuardUsageParts {
  readonly shared: SharedLimits;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export function createGuardUsage({ shared, ledger, clock }: GuardUsageParts): GuardUsage {
  return {
    async limits() {
      // An anonymous user is under all of them.
      const user: User = { id: 'anonymous', anonymous: true };
      const nowMs = clock.nowMs();
      const levels = { ...onlyOwn([]), shared: shared.for(user) };
      await lookUpLimits(user, levels, nowMs);
      const { applied } = accountsOf({ user }, levels, nowMs);
      return usageOfLimits(applied, await ledger.read(applied));
    },
  };
}
