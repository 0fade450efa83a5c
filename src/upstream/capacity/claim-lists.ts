import type { Claim } from '../../ledger/ledger.ts';
import type { CapacityLimit } from './capacity-limits.ts';

/** Left free at the bottom of a bucket by calls that are larger than what is kept back. */
const JITTER = 0.01;
/** Costs are rounded up to this many binary digits, which is by less than 0.8 %. */
const DIGITS = 8;
/** Lists that are kept, of some 200 bytes each. */
const LISTS_MAX = 4_096;

/** Returns a cost rounded up, so that calls of about the same size have the same rule. */
export function roundedUp(cost: number): number {
  if (cost > 0x7fff_ffff) return cost;
  const step = 1 << Math.max(0, 32 - DIGITS - Math.clz32(cost));
  return Math.ceil(cost / step) * step;
}

/**
 * Returns the burst with which a call of this cost asks. What is owed decides, not what the call costs, so that
 * small calls do not starve large ones; near the limit its own cost does. Never above the limit.
 */
export function burstFor({ limit, owedMax }: CapacityLimit, cost: number): number {
  const owed = Math.max(0, Math.min(owedMax, limit * (1 - JITTER) - cost));
  return Math.min(limit, Math.floor(owed) + cost);
}

/**
 * The claims of one upstream, made once for each size. The same size gives the same list of the same rules, by
 * which a store recognizes what it has encoded before.
 */
export class ClaimLists {
  readonly #account: string;
  readonly #limits: readonly CapacityLimit[];
  readonly #countsTokens: boolean;
  /** By the number of calls, then by their tokens. */
  readonly #lists = new Map<number, Map<number, readonly Claim[]>>();
  #made = 0;
  /** One for each limit, by cost. */
  readonly #claims: readonly Map<number, Claim>[];

  constructor(account: string, limits: readonly CapacityLimit[]) {
    this.#account = account;
    this.#limits = limits;
    this.#countsTokens = limits.some(({ unit }) => unit === 'upstreamTokens');
    this.#claims = limits.map(() => new Map());
  }

  /** Returns what one reserve takes for so many calls of so many tokens in all. */
  for(calls: number, tokens: number): readonly Claim[] {
    const cost = this.#countsTokens ? roundedUp(tokens) : 0;
    return this.#lists.get(calls)?.get(cost) ?? this.#make(calls, cost);
  }

  #make(calls: number, tokens: number): readonly Claim[] {
    if (this.#made >= LISTS_MAX) this.#forget();
    const list = this.#limits.map((limit, place) =>
      this.#claimAt(place, limit, limit.unit === 'requests' ? calls : tokens),
    );
    const bySize = this.#lists.get(calls) ?? new Map<number, readonly Claim[]>();
    bySize.set(tokens, list);
    this.#lists.set(calls, bySize);
    this.#made += 1;
    return list;
  }

  #forget(): void {
    this.#lists.clear();
    for (const claims of this.#claims) claims.clear();
    this.#made = 0;
  }

  #claimAt(place: number, limit: CapacityLimit, cost: number): Claim {
    const known = this.#claims[place];
    let claim = known?.get(cost);
    if (claim === undefined) {
      claim = claimOf(this.#account, limit, burstFor(limit, cost));
      known?.set(cost, claim);
    }
    return claim;
  }
}

/** Returns one claim of an upstream with a burst of this size. While the store fails, calls leave: the upstream
 * refuses what is too much for it, and no user sees that. */
export function claimOf(account: string, limit: CapacityLimit, burst: number): Claim {
  const { key, unit, limit: amount, periodMs } = limit;
  const rule = { kind: 'rate', key, unit, amount, periodMs, burst, onFailure: 'allow' } as const;
  return { account, scope: 'shared', rule };
}
