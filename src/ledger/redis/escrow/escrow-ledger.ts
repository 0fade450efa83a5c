import { createHash, randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { RecentMap } from '../../../base/recent-map.ts';
import { type Amounts, NO_AMOUNTS } from '../../amounts.ts';
import type { ClaimSubset } from '../../claim-subset.ts';
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
import {
  type IsLeased,
  isLeased,
  joined,
  type PartDecision,
  type SplitClaims,
  splitClaims,
} from './split-claims.ts';

interface EscrowOptions {
  /** The part of each shared limit that a process leases at a time. At most this part
   * for each other process is rejected too early. */
  readonly share?: number;
  readonly clock?: Clock;
  /** For tests: whether a shared limit is leased. */
  readonly leases?: IsLeased;
}

const SHARE = 0.005;
const IDS_MAX = 200_000;
const HOUR_MS = 3_600_000;

/** Some claims of a call, and the ledger that decides on them exactly. */
interface Party {
  readonly ledger: Ledger;
  readonly subset: ClaimSubset;
}

/** Where a call is held, apart from chunks: by this name in each of these. */
interface Place {
  readonly hold: string;
  readonly ledgers: readonly Ledger[];
}

/**
 * Experimental. Spreads users over `shards`, each of which is exact for its own users, and leases shared
 * limits from `global` in chunks. A shared limit is never exceeded; calls may be rejected too early by at
 * most the chunks of other processes. Shared rates, shadows and what credits extend are not leased: each reserve
 * asks `global`. Shared rolling windows are refused.
 */
export class EscrowLedger implements Ledger {
  readonly records: Records;
  readonly #shards: readonly Ledger[];
  readonly #global: Ledger;
  readonly #escrow: Escrow;
  readonly #leases: IsLeased;
  readonly #places = new RecentMap<Place>(IDS_MAX, HOUR_MS);
  /** Names of holds, by id, where that is not the id. */
  readonly #renamed = new RecentMap<string>(IDS_MAX, HOUR_MS);

  constructor(
    global: Ledger,
    shards: readonly Ledger[],
    { share = SHARE, clock = systemClock, leases = isLeased }: EscrowOptions = {},
  ) {
    this.#global = global;
    this.#shards = shards;
    this.#leases = leases;
    this.#escrow = new Escrow(global, share, clock);
    this.records = global.records;
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    const split = splitClaims(claims, this.#leases);
    const parties = this.#partiesOf(split);
    const hold = this.#renamed.get(id) ?? id;
    const ledgers = parties.map(({ ledger }) => ledger);
    try {
      const leased = await this.#escrow.take(id, split.leased.claims, held);
      const exact = leased.granted
        ? await reserveAll(parties, hold, held, lease)
        : await Promise.all(parties.map(readParty));
      const decision = joined([{ subset: split.leased, decision: leased }, ...exact]);
      if (decision.granted) this.#places.set(id, { hold, ledgers }, Date.now());
      else this.#denied(id, exact);
      return decision;
    } catch (error) {
      this.#places.set(id, { hold, ledgers }, Date.now());
      this.#escrow.end(id, NO_AMOUNTS);
      throw error;
    }
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    this.#escrow.end(id, used);
    return this.#end(id, (ledger, hold) => ledger.settle(hold, used));
  }

  async release(id: string, options?: ReleaseOptions): Promise<Resolution> {
    this.#escrow.end(id, NO_AMOUNTS);
    return this.#end(id, (ledger, hold) => ledger.release(hold, options));
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    const renewed = await this.#atPlaces(id, (ledger, hold) => ledger.renew(hold, lease));
    return renewed.length > 0 && renewed.every(Boolean);
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const split = splitClaims(claims, this.#leases);
    const leased = { ledger: this.#global, subset: split.leased };
    return joined(await Promise.all([leased, ...this.#partiesOf(split)].map(readParty))).balances;
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    const { leased, exact, own } = splitClaims(claims, this.#leases);
    const shared = [...leased.claims, ...exact.claims];
    if (shared.length > 0) await this.#global.credit(id, shared, amounts);
    return this.#shardFor(own.claims).credit(id, own.claims, amounts);
  }

  async close(): Promise<void> {
    await this.#escrow.close();
    await Promise.all([this.#global, ...this.#shards].map((ledger) => ledger.close()));
  }

  async #end(
    id: string,
    end: (ledger: Ledger, hold: string) => Promise<Resolution>,
  ): Promise<Resolution> {
    return (await this.#atPlaces(id, end)).at(-1) ?? 'unknown';
  }

  /** Returns the answers of the ledgers that hold a call. */
  async #atPlaces<Answer>(
    id: string,
    ask: (ledger: Ledger, hold: string) => Promise<Answer>,
  ): Promise<Answer[]> {
    const { hold, ledgers } = this.#places.get(id) ?? NOWHERE;
    return Promise.all(ledgers.map((ledger) => ask(ledger, hold)));
  }

  /** The name of a hold that was given back is used up, and the id may be reserved again. */
  #denied(id: string, exact: readonly PartDecision[]): void {
    this.#escrow.end(id, NO_AMOUNTS);
    if (exact.some(({ wasGivenBack }) => wasGivenBack)) {
      this.#renamed.set(id, randomUUID(), Date.now());
    }
  }

  /** A call with nothing but leased limits is still held in a shard, which remembers how it ended. */
  #partiesOf({ exact, own }: SplitClaims): Party[] {
    const fromGlobal = { ledger: this.#global, subset: exact };
    const fromShard = { ledger: this.#shardFor(own.claims), subset: own };
    if (exact.claims.length === 0) return [fromShard];
    return own.claims.length === 0 ? [fromGlobal] : [fromGlobal, fromShard];
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

const NOWHERE: Place = { hold: '', ledgers: [] };

/** Takes the claims of all parties. If one denies, the others give back what they took. */
async function reserveAll(
  parties: readonly Party[],
  hold: string,
  held: Amounts,
  lease: Lease,
): Promise<PartDecision[]> {
  const asked = parties.map(async ({ ledger, subset }) => {
    return { ledger, subset, decision: await ledger.reserve(hold, subset.claims, held, lease) };
  });
  // Even if one fails, nothing is on its way any more when the caller gives the hold back.
  await Promise.allSettled(asked);
  const answers = await Promise.all(asked);
  if (answers.every(({ decision }) => decision.granted)) return answers;
  return Promise.all(
    answers.map((answer) => (answer.decision.granted ? giveBack(answer, hold) : answer)),
  );
}

/** If this cannot be written, the lease ends the hold. */
async function giveBack(party: Party, hold: string): Promise<PartDecision> {
  const released = party.ledger.release(hold).catch(() => {});
  const [read] = await Promise.all([readParty(party), released]);
  return { ...read, wasGivenBack: true };
}

/** Returns the balances of some claims in the form of a decision. */
async function readParty({ ledger, subset }: Party): Promise<PartDecision> {
  const balances = subset.claims.length === 0 ? [] : await ledger.read(subset.claims);
  return { subset, decision: { granted: true, balances } };
}
