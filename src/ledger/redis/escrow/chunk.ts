import {
  type Amounts,
  amountsBy,
  type MutableAmounts,
  UNITS,
  type Unit,
  zeroAmounts,
} from '../../amounts.ts';
import type { Balance, Claim } from '../../ledger.ts';

/** A part of the shared limits that belongs to this process for a while. */
export class Chunk {
  readonly id: string;
  /** The balances of the shared limits when it was taken. */
  readonly balances: readonly Balance[];
  /** Calls after this belong to another window. */
  readonly endsAtMs: number;
  /** What its calls have used. The rest is given back at its end. */
  readonly used = zeroAmounts();
  readonly #units: readonly Unit[];
  readonly #left: MutableAmounts;
  #calls = 0;

  constructor(
    id: string,
    claims: readonly Claim[],
    size: Amounts,
    granted: { readonly balances: readonly Balance[]; readonly endsAtMs: number },
  ) {
    this.id = id;
    this.#units = claims.map(({ rule }) => rule.unit);
    this.#left = { ...size };
    this.balances = granted.balances;
    this.endsAtMs = granted.endsAtMs;
  }

  get isIdle(): boolean {
    return this.#calls === 0;
  }

  /** Takes a call's hold, if that much is left of every limit. */
  take(held: Amounts): boolean {
    if (this.#units.some((unit) => held[unit] > this.#left[unit])) return false;
    for (const unit of new Set(this.#units)) this.#left[unit] -= held[unit];
    this.#calls += 1;
    return true;
  }

  /** Ends a call. What it held and did not use may be taken again. */
  end(held: Amounts, used: Amounts): void {
    for (const unit of new Set(this.#units)) {
      this.#left[unit] += held[unit] - used[unit];
      this.used[unit] += used[unit];
    }
    this.#calls -= 1;
  }
}

/** Returns `share` of each limit, and at least what the call holds. */
export function chunkSize(claims: readonly Claim[], held: Amounts, share: number): MutableAmounts {
  const size = zeroAmounts();
  for (const { rule } of claims) {
    const part = Math.floor(rule.amount * share);
    const smallest = size[rule.unit] === 0 ? part : Math.min(size[rule.unit], part);
    size[rule.unit] = Math.max(smallest, held[rule.unit]);
  }
  return size;
}

/** Returns the size half way to what the call holds; `undefined` if it is that already. */
export function smallerSize(size: Amounts, held: Amounts): MutableAmounts | undefined {
  const smaller = amountsBy((unit) =>
    size[unit] === 0 ? 0 : held[unit] + Math.floor((size[unit] - held[unit]) / 2),
  );
  return UNITS.some((unit) => smaller[unit] < size[unit]) ? smaller : undefined;
}

/** Returns when the first of the windows ends in which these claims count now. */
export function windowEndMs(claims: readonly Claim[], nowMs: number): number {
  return Math.min(
    ...claims.map(({ rule }) => {
      if (rule.kind === 'concurrent') return Number.POSITIVE_INFINITY;
      if (rule.kind !== 'calendar') throw notEscrowed(rule.key);
      const [first, second] = rule.windows;
      return nowMs < first.endMs ? first.endMs : second.endMs;
    }),
  );
}

function notEscrowed(key: string): TypeError {
  return new TypeError(
    `the global limit "${key}" must be of a calendar period (per: 'day'), a rate ("burst") or "concurrent" with globalBudget: 'escrow'`,
  );
}
