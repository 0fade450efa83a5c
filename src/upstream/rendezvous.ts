import { hash } from 'node:crypto';

/** Something that users are spread over. */
export interface Weighted {
  /** The same in every process. */
  readonly id: string;
  /** Its share of the users, above 0. */
  readonly weight: number;
}

/**
 * Returns the items in the order in which this user prefers them (rendezvous hashing): the same in every
 * process, and one item less or more moves only its own users. Each item is first for a share of the users
 * that is its weight.
 */
export function rendezvous<Item>(
  userId: string,
  items: readonly Item[],
  weighted: (item: Item) => Weighted,
): Item[] {
  const scored = items.map((item) => ({ item, score: scoreOf(userId, weighted(item)) }));
  return scored.sort((a, b) => b.score - a.score).map(({ item }) => item);
}

const UINT48 = 2 ** 48;

/** The largest of such scores is that of an item as often as its weight says. */
function scoreOf(userId: string, { id, weight }: Weighted): number {
  const digest = hash('sha1', `${id}\n${userId}`, 'buffer');
  return weight / -Math.log((digest.readUIntBE(0, 6) + 1) / (UINT48 + 1));
}
