import { type Amounts, amountIn, amounts } from '../ledger/amounts.ts';
import type { Balance } from '../ledger/ledger.ts';
import type { Accounts, AppliedLimit } from './accounts.ts';
import type { ShownHold } from './balance-after.ts';

/** The claims of a call, and their balances. */
interface Held {
  readonly accounts: Accounts;
  readonly balances: readonly Balance[];
}

/**
 * Returns the part of a hold that one claim has, where limits spill into credits. A store does not say how it was
 * divided. Nothing was spilled while a limit has room; else the credits hold what is held of them, at most all of it.
 */
export function ownPart(claim: AppliedLimit, status: Held, hold: ShownHold): ShownHold {
  const { unit, spills, isCredit } = claim.limit;
  if (!spills && !isCredit) return hold;
  const held = amountIn(hold.held, unit);
  const spilled = Math.min(held, spilledAtMost(claim, status));
  const part = isCredit ? spilled : held - spilled;
  const used = hold.used && usedPart(amountIn(hold.used, unit), held - spilled, spilled, isCredit);
  return {
    ...hold,
    held: withAmount(hold.held, claim, part),
    used: hold.used && withAmount(hold.used, claim, used ?? 0),
  };
}

/** A settle posts to the limits first, as much as they hold. If nothing was spilled they take all of it. */
function usedPart(used: number, own: number, spilled: number, isCredit: true | undefined): number {
  const ofLimits = spilled === 0 ? used : Math.min(used, own);
  return isCredit ? used - ofLimits : ofLimits;
}

function spilledAtMost({ account, rule }: AppliedLimit, { accounts, balances }: Held): number {
  let spilled = 0;
  let hasRoom = false;
  accounts.applied.forEach(({ limit, account: other }, place) => {
    if (other !== account || limit.unit !== rule.unit) return;
    const { held = 0, remaining = 0 } = balances[place] ?? {};
    if (limit.isCredit) spilled = held;
    if (limit.spills && remaining > 0) hasRoom = true;
  });
  return hasRoom ? 0 : spilled;
}

const withAmount = (all: Amounts, { limit }: AppliedLimit, amount: number): Amounts =>
  amounts({ ...all, [limit.unit]: amount });
