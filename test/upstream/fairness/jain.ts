/** What one user asked for and got. */
export interface Demand {
  readonly weight: number;
  readonly asked: number;
  readonly served: number;
}

/**
 * Jain's index of what each user got ÷ their weighted max-min fair share of what all got: 1 if all have
 * the same part of their share, 1 ÷ n if one of n users has everything. A user who asks for less than a
 * share and gets it counts as 1.
 */
export function jainIndex(demands: readonly Demand[]): number {
  const shares = maxMinShares(demands);
  const parts = demands.map(({ served }, user) => served / (shares[user] ?? 0));
  const finite = parts.filter(Number.isFinite);
  const squares = sumOf(finite.map((part) => part * part));
  return sumOf(finite) ** 2 / (finite.length * squares);
}

/** Returns each user's share: no more than they asked for, and what those leave goes to the others by weight. */
export function maxMinShares(demands: readonly Demand[]): number[] {
  const shares = demands.map(() => 0);
  let left = sumOf(demands.map(({ served }) => served));
  let open = demands.map((demand, user) => ({ ...demand, user }));
  for (;;) {
    const perWeight = left / sumOf(open.map(({ weight }) => weight));
    const content = open.filter(({ asked, weight }) => asked <= weight * perWeight);
    if (content.length === 0) {
      for (const { user, weight } of open) shares[user] = weight * perWeight;
      return shares;
    }
    for (const { user, asked } of content) {
      shares[user] = asked;
      left -= asked;
    }
    open = open.filter((demand) => !content.includes(demand));
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
