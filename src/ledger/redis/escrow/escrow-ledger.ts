import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { RecentMap } from '../../../base/recent-map.ts';
import type { Amounts } from '../../amounts.ts';
import type { Lease } from '../../lease.ts';
import type { Balance, Claim, Granted, Ledger, NotGranted, Resolution } from '../../ledger.ts';
import type { Records } from '../../records.ts';
import { nothing } from './chunk.ts';
import { Escrow } from './escrow.ts';

export interface EscrowOptions {
  /** What of each limit a process leases at a time; default 0.005. At most this times the processes of
   * a limit is refused too early. */
  readonly share?: number;
  /** The subject whose limits are leased in chunks. */
  readonly everybody?: string;
  readonly clock?: Clock;
}

const SHARE = 0.005;
const IDS_MAX = 200_000;
const HOUR_MS = 3_600_000;

/**
 * Spreads users over `shards`, each exact for its own, and leases everybody's limits from `global` in
 * chunks: never over, and at most the chunks of other processes too early. Limits of everybody must be
 * of calendar periods, or `concurrent`.
 */
export class EscrowLedger implements Ledger {
  readonly records: Records;
  readonly #shards: readonly Ledger[];
  readonly #global: Ledger;
  readonly #escrow: Escrow;
  readonly #everybody: string;
  readonly #shardOf = new RecentMap<Ledger>(IDS_MAX, HOUR_MS);

  constructor(
    global: Ledger,
    shards: readonly Ledger[],
    { share = SHARE, everybody = 'everybody', clock = systemClock }: EscrowOptions = {},
  ) {
    this.#global = global;
    this.#shards = shards;
    this.#everybody = everybody;
    this.#escrow = new Escrow(global, share, clock);
    this.records = global.records;
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    const { own, shared } = this.#split(claims);
    const shard = this.#shardFor(own);
    const global: Granted | NotGranted =
      shared.length === 0
        ? { granted: true, balances: [] }
        : await this.#escrow.take(id, shared, held);
    if (!global.granted) {
      const balances = await shard.read(own);
      return joined(claims, this.#everybody, { granted: true, balances }, global);
    }
    try {
      const decision = await shard.reserve(id, own, held, lease);
      if (decision.granted) this.#shardOf.set(id, shard, Date.now());
      else this.#escrow.end(id, nothing());
      return joined(claims, this.#everybody, decision, global);
    } catch (error) {
      this.#shardOf.set(id, shard, Date.now());
      this.#escrow.end(id, nothing());
      throw error;
    }
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    this.#escrow.end(id, used);
    return (await this.#shardOf.get(id)?.settle(id, used)) ?? 'unknown';
  }

  async release(id: string): Promise<Resolution> {
    this.#escrow.end(id, nothing());
    return (await this.#shardOf.get(id)?.release(id)) ?? 'unknown';
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    return (await this.#shardOf.get(id)?.renew(id, lease)) ?? false;
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const { own, shared } = this.#split(claims);
    const [ownBalances, sharedBalances] = await Promise.all([
      this.#shardFor(own).read(own),
      this.#global.read(shared),
    ]);
    return merged(claims, this.#everybody, ownBalances, sharedBalances);
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    const { own, shared } = this.#split(claims);
    if (shared.length > 0) await this.#global.credit(id, shared, amounts);
    return this.#shardFor(own).credit(id, own, amounts);
  }

  async close(): Promise<void> {
    await this.#escrow.close();
    await Promise.all([this.#global, ...this.#shards].map((ledger) => ledger.close()));
  }

  #split(claims: readonly Claim[]): { own: Claim[]; shared: Claim[] } {
    const { own = [], shared = [] } = Object.groupBy(claims, ({ subject }) =>
      subject === this.#everybody ? 'shared' : 'own',
    );
    return { own, shared };
  }

  /** By the last of a call's own subjects, which is the user: a token counts where its user does. */
  #shardFor(own: readonly Claim[]): Ledger {
    const subject = own.at(-1)?.subject ?? '';
    const number = createHash('sha256').update(subject).digest().readUInt32BE(0);
    const shard = this.#shards[number % this.#shards.length];
    if (shard === undefined) throw new TypeError('"shards" must hold at least one ledger');
    return shard;
  }
}

/** Both decisions as one, in the order of all claims. */
function joined(
  claims: readonly Claim[],
  everybody: string,
  own: Granted | NotGranted,
  shared: Granted | NotGranted,
): Granted | NotGranted {
  const balances = merged(claims, everybody, own.balances, shared.balances);
  if (own.granted && shared.granted) return { granted: true, balances };
  const places = (isShared: boolean) =>
    claims.flatMap(({ subject }, index) => ((subject === everybody) === isShared ? [index] : []));
  const violations = [own, shared].flatMap((decision, side) =>
    decision.granted
      ? []
      : decision.violations.map((violation) => ({
          ...violation,
          claim: places(side === 1)[violation.claim] ?? violation.claim,
        })),
  );
  return { granted: false, violations, balances };
}

function merged(
  claims: readonly Claim[],
  everybody: string,
  own: readonly Balance[],
  shared: readonly Balance[],
): Balance[] {
  const [mine, ours] = [own.values(), shared.values()];
  return claims.flatMap(({ subject }) => {
    const { value } = subject === everybody ? ours.next() : mine.next();
    return value === undefined ? [] : [value];
  });
}
