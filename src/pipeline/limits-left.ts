import type { Clock } from '../base/clock.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Accounts, accountsOf, lookUpLimits } from '../plans/accounts.ts';
import type { LimitDenial } from '../plans/explain-denial.ts';
import { levelsOf } from '../plans/limit-levels.ts';
import type { LimitStatus } from '../plans/limit-status.ts';
import type { Identity, Plan } from '../plans/plan.ts';
import { rateLimitHeaders } from '../plans/rate-limit-headers.ts';
import type { SharedLimits } from '../plans/shared-limits.ts';
import { NO_WARNED } from '../plans/warned-limits.ts';
import { countsAsInvalid } from './invalid-requests.ts';
import type { Answered } from './states.ts';

export interface LimitsLeftParts {
  readonly balances: Pick<Ledger, 'read'>;
  readonly limits: SharedLimits;
  readonly clock: Clock;
}

/**
 * Adds what is left of the caller's limits to a denial that holds nothing. Only to one that counts as an
 * invalid request: their number is bounded, so a flood of other denials does not reach the store.
 */
export function withLimitsLeft(
  denial: Denial,
  identity: Identity,
  plan: Plan,
  parts: LimitsLeftParts,
): LimitDenial | Promise<LimitDenial> {
  if (!countsAsInvalid(denial.code)) return denial;
  const reading = readLimits(identity, plan, parts);
  if (reading === undefined) return denial;
  return reading.then((limitStatus) => (limitStatus ? { ...denial, limitStatus } : denial));
}

/** The same for an answer that the guard gives itself. */
export async function showingLimits(
  answered: Answered | Denial,
  identity: Identity,
  plan: Plan,
  parts: LimitsLeftParts,
): Promise<Answered | LimitDenial> {
  if (isDenial(answered)) return withLimitsLeft(answered, identity, plan, parts);
  const status = await readLimits(identity, plan, parts);
  if (status !== undefined) {
    Object.assign(answered.response.headers, rateLimitHeaders(status, parts.clock.nowMs()));
  }
  return answered;
}

type Reading = Promise<LimitStatus | undefined>;

/** One read at a time for each credential, however many of its requests wait for it. */
const readings = new WeakMap<Accounts, Reading>();

/** `undefined`: there are none. Resolves with `undefined` if the store fails: an answer does not need it. */
function readLimits(
  identity: Identity,
  plan: Plan,
  { balances, limits, clock }: LimitsLeftParts,
): Reading | undefined {
  const nowMs = clock.nowMs();
  const levels = levelsOf(identity, plan, limits.for(identity.user));
  const readNow = () => readKnown(accountsOf(identity, levels, nowMs), balances);
  const pending = lookUpLimits(identity.user, levels, nowMs);
  return pending === undefined ? readNow() : pending.then(readNow, () => undefined);
}

function readKnown(accounts: Accounts, balances: Pick<Ledger, 'read'>): Reading | undefined {
  if (accounts.ownLimits.length === 0) return undefined;
  const running = readings.get(accounts);
  if (running !== undefined) return running;
  const reading = read(accounts, balances).finally(() => readings.delete(accounts));
  readings.set(accounts, reading);
  return reading;
}

async function read(accounts: Accounts, ledger: Pick<Ledger, 'read'>): Reading {
  const { ownLimits } = accounts;
  const warned = NO_WARNED;
  const applied = accounts.applied.filter(({ scope }) => scope === 'own');
  try {
    return { accounts: { applied, ownLimits, warned }, balances: await ledger.read(applied) };
  } catch {
    return undefined;
  }
}
