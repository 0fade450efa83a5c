import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import type { Amounts } from '../../amounts.ts';
import type { Claim, Granted, Ledger, NotGranted } from '../../ledger.ts';
import { Chunk, chunkSize, smallerSize, windowEndMs } from './chunk.ts';

const LEASE = { durationMs: 90_000, dispatched: true };
const TEND_MS = 30_000;

/** More than the global limits that calls of different models and groups ask together. */
const CHUNKS_MAX = 1_000;

interface ChunkHold {
  /** Of the claims that were asked for. */
  readonly key: string;
  readonly chunk: Chunk;
  readonly held: Amounts;
}

/**
 * Experimental. The shared limits, of which this process leases a chunk at a time, so that most
 * calls need no round trip for them. All chunks together are held on the limits, so these are never
 * exceeded. The chunk of a process that dies stays charged in full.
 */
export class Escrow {
  readonly #global: Ledger;
  readonly #share: number;
  readonly #clock: Clock;
  readonly #calls = new Map<string, ChunkHold>();
  readonly #chunks = new Set<Chunk>();
  /** From which calls take now, by the claims that they ask for. */
  readonly #current = new Map<string, Chunk>();
  readonly #leasing = new Map<string, Promise<NotGranted | undefined>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(global: Ledger, share: number, clock: Clock) {
    this.#global = global;
    this.#share = share;
    this.#clock = clock;
  }

  async take(id: string, claims: readonly Claim[], held: Amounts): Promise<Granted | NotGranted> {
    if (claims.length === 0) return { granted: true, balances: [] };
    const known = this.#calls.get(id);
    if (known !== undefined) return { granted: true, balances: known.chunk.balances };
    const key = keyOf(claims);
    for (;;) {
      const chunk = this.#current.get(key);
      if (chunk !== undefined && this.#clock.nowMs() < chunk.endsAtMs && chunk.take(held)) {
        this.#calls.set(id, { key, chunk, held });
        return { granted: true, balances: chunk.balances };
      }
      // One lease at a time: the calls that wait for it mostly fit into it, too.
      const leasing = this.#leasing.get(key);
      if (leasing !== undefined) await leasing.catch(() => {});
      else {
        const denied = await this.#leaseAlone(key, claims, held);
        if (denied !== undefined) return denied;
      }
    }
  }

  /** Idempotent. */
  end(id: string, used: Amounts): void {
    const taken = this.#calls.get(id);
    if (taken === undefined) return;
    this.#calls.delete(id);
    taken.chunk.end(taken.held, used);
    if (taken.chunk !== this.#current.get(taken.key)) this.#settleIfIdle(taken.chunk);
  }

  /** Gives back what is left of every chunk. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#current.clear();
    const settled = [...this.#chunks].map(({ id, used }) => this.#global.settle(id, used));
    await Promise.allSettled(settled);
  }

  #leaseAlone(
    key: string,
    claims: readonly Claim[],
    held: Amounts,
  ): Promise<NotGranted | undefined> {
    const leasing = this.#lease(key, claims, held).finally(() => this.#leasing.delete(key));
    this.#leasing.set(key, leasing);
    return leasing;
  }

  async #lease(
    key: string,
    claims: readonly Claim[],
    held: Amounts,
  ): Promise<NotGranted | undefined> {
    const endsAtMs = windowEndMs(claims, this.#clock.nowMs());
    this.#retire(key);
    let size = chunkSize(claims, held, this.#share);
    for (;;) {
      const id = `chunk-${randomUUID()}`;
      const decision = await this.#global.reserve(id, claims, size, LEASE);
      if (decision.granted) {
        this.#lend(key, new Chunk(id, claims, size, { balances: decision.balances, endsAtMs }));
        this.#timer ??= setInterval(() => this.#tend(), TEND_MS).unref();
        return undefined;
      }
      const smaller = smallerSize(size, held);
      if (smaller === undefined) return decision;
      size = smaller;
    }
  }

  #lend(key: string, chunk: Chunk): void {
    const [oldest] = this.#current.keys();
    if (this.#current.size >= CHUNKS_MAX && oldest !== undefined) this.#retire(oldest);
    this.#current.set(key, chunk);
    this.#chunks.add(chunk);
  }

  #retire(key: string): void {
    const chunk = this.#current.get(key);
    this.#current.delete(key);
    if (chunk !== undefined) this.#settleIfIdle(chunk);
  }

  #settleIfIdle(chunk: Chunk): void {
    if (!chunk.isIdle || !this.#chunks.delete(chunk)) return;
    // If this cannot be written, the lease charges it in full.
    this.#global.settle(chunk.id, chunk.used).catch(() => {});
  }

  /** Gives an unused chunk back to the others. The rest keep their leases. */
  #tend(): void {
    for (const [key, chunk] of this.#current) if (chunk.isIdle) this.#retire(key);
    for (const { id } of this.#chunks) this.#global.renew(id, LEASE).catch(() => {});
  }
}

/** Equal for the same limits of the same accounts. */
const keyOf = (claims: readonly Claim[]): string =>
  JSON.stringify(claims.map(({ account, rule }) => [account, rule.key]));
