import type { Clock } from '../../base/clock.ts';
import { LedgerError } from '../../core/errors.ts';
import { type Amounts, isMoney, NO_AMOUNTS } from '../amounts.ts';
import { type ClaimSubset, placeBalances, placedViolations, subsetOf } from '../claim-subset.ts';
import { counterFor } from '../counting/counter-for.ts';
import { keepsRequests } from '../counting/rate-counter.ts';
import type {
  Balance,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  OnFailure,
  ReleaseOptions,
  Rule,
} from '../ledger.ts';
import { memoryLedger } from '../memory/memory-ledger.ts';

interface FallbackOptions {
  /** Among how many processes a limit is divided. */
  readonly processes: number;
  readonly clock: Clock;
}

type Decision = Granted | NotGranted;

/** What a call took that was decided here, of all its limits. */
interface Taken {
  readonly claims: readonly Claim[];
  readonly held: Amounts;
}

const NOTHING: Taken = { claims: [], held: NO_AMOUNTS };

/** Decides without the store, by the `onFailure` of each limit, and counts what it lets through. */
export class Fallback {
  readonly #options: FallbackOptions;
  /** Kept over failures, so that a store that comes and goes does not give out a share each time. */
  #shares: Ledger | undefined;
  readonly #taken = new Map<string, Taken>();

  constructor(options: FallbackOptions) {
    this.#options = options;
  }

  /** Whether a call with these claims may be served at all. A call that costs nothing is not
   * denied. */
  allows(claims: readonly Claim[], held: Amounts): boolean {
    return claims.every(
      ({ rule }) => onFailureOf(rule) !== 'deny' || (held[rule.unit] === 0 && rule.amount > 0),
    );
  }

  has(id: string): boolean {
    return this.#taken.has(id);
  }

  /** Grants or denies by the local shares. Throws `LedgerError` if only the store could decide. */
  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Decision> {
    const local = subsetOf(claims, ({ rule }) => onFailureOf(rule) === 'local');
    const shares = local.claims.map((claim) => localShare(claim, this.#options.processes));
    const decision = await this.#ledger().reserve(id, shares, held, lease);
    if (decision.granted) this.#taken.set(id, { claims, held });
    else refuseTheImpossible(decision, shares);
    return degraded(decision, claims, local);
  }

  /** Returns the claims on which the store must count what was used. */
  async settle(id: string, used: Amounts): Promise<readonly Claim[]> {
    await this.#shares?.settle(id, used);
    return this.#forget(id).claims;
  }

  /** Returns what stays taken, which the store must count. */
  async release(id: string, options: ReleaseOptions = {}): Promise<Taken> {
    await this.#shares?.release(id, options);
    const { claims, held } = this.#forget(id);
    if (options.keepsRates !== true) return NOTHING;
    return { claims: claims.filter(({ rule }) => keepsRequests(rule)), held };
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    // Without a local claim only this process remembers the hold, and it lives as long as its call.
    return (await this.#shares?.renew(id, lease)) ?? true;
  }

  async close(): Promise<void> {
    this.#taken.clear();
    await this.#ledger().close();
  }

  #ledger(): Ledger {
    this.#shares ??= memoryLedger({ clock: this.#options.clock });
    return this.#shares;
  }

  #forget(id: string): Taken {
    const taken = this.#taken.get(id) ?? NOTHING;
    this.#taken.delete(id);
    return taken;
  }
}

/** A call that fits into its limit but never into the local share must wait for the store. */
function refuseTheImpossible({ violations }: NotGranted, shares: readonly Claim[]): void {
  const impossible = violations.some(({ claim, cost }) => {
    const rule = shares[claim]?.rule;
    return rule !== undefined && rule.amount > 0 && cost > roomOf(rule);
  });
  if (impossible) throw new LedgerError('the call is larger than the local share of a limit');
}

/** Returns the decision of the local shares as one on all claims. */
function degraded(decision: Decision, claims: readonly Claim[], local: ClaimSubset): Decision {
  const balances = claims.map(unknownBalance);
  placeBalances(local, decision.balances, balances);
  if (decision.granted) return { granted: true, degraded: true, balances };
  const violations = placedViolations(local, decision.violations);
  return { granted: false, degraded: true, violations, balances };
}

/** The true balance is unknown. It is not shown: `degraded` responses have no rate limit headers. */
function unknownBalance({ rule }: Claim): Balance {
  return { used: 0, held: 0, remaining: roomOf(rule), resetsAtMs: undefined };
}

/**
 * Returns what is done with a rule while the store fails, also if its limit does not specify it. A shadow never
 * decides. Credits are known to the store alone, so a limit that spills is meanwhile like any other.
 */
function onFailureOf(rule: Rule): OnFailure {
  const { isShadow, isCredit } = counterFor(rule);
  if (isShadow || isCredit) return 'allow';
  if (rule.onFailure !== undefined) return rule.onFailure;
  const bounded = rule.kind === 'rate' || rule.kind === 'concurrent';
  return bounded && !isMoney(rule.unit) ? 'local' : 'deny';
}

/**
 * Returns the claim on what this process gives out alone: its limit divided among `processes`,
 * rounded down, but at least 1 unless the limit is 0, so that a limit below their number locks no
 * user out.
 */
function localShare({ account, scope, rule }: Claim, processes: number): Claim {
  const part = (amount: number) => (amount === 0 ? 0 : Math.max(1, Math.floor(amount / processes)));
  const amount = part(rule.amount);
  if (rule.kind !== 'rate') return { account, scope, rule: { ...rule, amount } };
  return { account, scope, rule: { ...rule, amount, burst: part(rule.burst) } };
}

/** Returns the most that one call can ever take from a rule. */
function roomOf(rule: Rule): number {
  return rule.kind === 'rate' ? rule.burst : rule.amount;
}
