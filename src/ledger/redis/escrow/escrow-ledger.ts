import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { RecentMap } from '../../../base/recent-map.ts';
import { type Amounts, NO_AMOUNTS } from '../../amounts.ts';
import { type ClaimSubset, placeBalances, placedViolations, subsetOf } from '../../claim-subset.ts';
import type {
  Balance,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  ReleaseOptions,
  Resolution,
} from '../../ledger.ts';
import type { Records } from '../../records.ts';
import { Escrow } from './escrow.ts';

interface EscrowOptions {
  /** The part of each shared limit that a process leases at a time. At most this part
   * for each other process is rejected too early. */
  readonly share?: number;
  readonly clock?: Clock;
}

const SHARE = 0.005;
const IDS_MAX = 200_000;
const HOUR_MS = 3_600_000;

/** The claims of one verb by where they are decided. */
interface SplitClaims {
  readonly own: ClaimSubset;
  readonly shared: ClaimSubset;
}

/**
 * Experimental. Spreads users over `shards`, each of which is exact for its own users, and leases shared
 * limits from `global` in chunks. A shared limit is never exceeded; calls may be rejected too early by at
 * most the chunks of other processes. Shared limits must be of calendar periods, or `concurrent`.
 */
export class EscrowLedger implements Ledger {
  readonly records: Records;
  readonly #shards: readonly Ledger[];
  readonly #global: Ledger;
  readonly #escrow: Escrow;
  readonly #shardOf = new RecentMap<Ledger>(IDS_MAX, HOUR_MS);

  constructor(
    global: Ledger,
    shards: readonly Ledger[],
    { share = SHARE, clock = systemClock }: EscrowOptions = {},
  ) {
    this.#global = global;
    this.#shards = shards;
    this.#escrow = new Escrow(global, share, clock);
    this.records = global.records;
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    const split = splitClaims(claims);
    const { own, shared } = split;
    const shard = this.#shardFor(own.claims);
    const global: Granted | NotGranted =
      shared.claims.length === 0
        ? { granted: true, balances: [] }
        : await this.#escrow.take(id, shared.claims, held);
    if (!global.granted) {
      const balances = await shard.read(own.claims);
      return joined(split, { granted: true, balances }, global);
    }
    try {
      const decision = await shard.reserve(id, own.claims, held, lease);
      if (decision.granted) this.#shardOf.set(id, shard, Date.now());
      else this.#escrow.end(id, NO_AMOUNTS);
      return joined(split, decision, global);
    } catch (error) {
      this.#shardOf.set(id, shard, Date.now());
      this.#escrow.end(id, NO_AMOUNTS);
      throw error;
    }
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    this.#escrow.end(id, used);
    return (await this.#shardOf.get(id)?.settle(id, used)) ?? 'unknown';
  }

  /** Shared limits are never rates, so nothing of these is kept. */
  async release(id: string, options?: ReleaseOptions): Promise<Resolution> {
    this.#escrow.end(id, NO_AMOUNTS);
    return (await this.#shardOf.get(id)?.release(id, options)) ?? 'unknown';
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    return (await this.#shardOf.get(id)?.renew(id, lease)) ?? false;
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const split = splitClaims(claims);
    const [own, shared] = await Promise.all([
      this.#shardFor(split.own.claims).read(split.own.claims),
      this.#global.read(split.shared.claims),
    ]);
    return merged(split, own, shared);
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    const { own, shared } = splitClaims(claims);
    if (shared.claims.length > 0) await this.#global.credit(id, shared.claims, amounts);
    return this.#shardFor(own.claims).credit(id, own.claims, amounts);
  }

  async close(): Promise<void> {
    await this.#escrow.close();
    await Promise.all([this.#global, ...this.#shards].map((ledger) => ledger.close()));
  }

  /** By the last of a call's own accounts, which is the user: a token counts where its user does. */
  #shardFor(own: readonly Claim[]): Ledger {
    const account = own.at(-1)?.account ?? '';
    const number = createHash('sha256').update(account).digest().readUInt32BE(0);
    const shard = this.#shards[number % this.#shards.length];
    if (shard === undefined) throw new TypeError('"shards" must hold at least one ledger');
    return shard;
  }
}

const splitClaims = (claims: readonly Claim[]): SplitClaims => ({
  own: subsetOf(claims, ({ scope }) => scope === 'own'),
  shared: subsetOf(claims, ({ scope }) => scope === 'shared'),
});

/** Returns both decisions as one, in the order of all claims. */
function joined(
  split: SplitClaims,
  own: Granted | NotGranted,
  shared: Granted | NotGranted,
): Granted | NotGranted {
  const balances = merged(split, own.balances, shared.balances);
  if (own.granted && shared.granted) return { granted: true, balances };
  const violations = [
    ...(own.granted ? [] : placedViolations(split.own, own.violations)),
    ...(shared.granted ? [] : placedViolations(split.shared, shared.violations)),
  ];
  return { granted: false, violations, balances };
}

function merged(
  split: SplitClaims,
  own: readonly Balance[],
  shared: readonly Balance[],
): Balance[] {
  const balances: Balance[] = [];
  placeBalances(split.own, own, balances);
  placeBalances(split.shared, shared, balances);
  return balances;
}
