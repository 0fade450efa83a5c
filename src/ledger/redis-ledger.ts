import type { Clock } from '../clock.ts';
import { LedgerError } from '../errors.ts';
import { balancesOf, violationsOf } from './counting/part.ts';
import { EscrowLedger } from './escrow-ledger.ts';
import type {
  Amounts,
  Balance,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  Records,
  Resolution,
} from './ledger.ts';
import { assertAmounts, assertGifts, assertLease } from './memory/assert-amounts.ts';
import { RecentMap } from './memory/recent-map.ts';
import {
  driverOf,
  failureOf,
  type Parameter,
  type RedisClient,
  type RedisDriver,
} from './redis/driver.ts';
import { encodeAmounts, encodeClaims, partsWith } from './redis/encode-claims.ts';
import { RedisRecords } from './redis/redis-records.ts';
import type { Script } from './redis/script.ts';
import { scripts } from './redis/scripts.ts';
import { warnOfRedis } from './redis/warn-of-redis.ts';
import { whileMoving } from './redis/while-moving.ts';

export type { RedisClient } from './redis/driver.ts';

export interface RedisLedgerOptions {
  /** Sets apart what several guards keep in one Redis; default `guard`. All keys of a namespace are in
   * one slot of a Cluster. */
  readonly namespace?: string;
  /** After this a verb throws `LedgerError`, whatever the client is waiting for; default 1,000 ms. */
  readonly deadlineMs?: number;
  /** Once this process has seen the namespace, its loss (a flush, an empty replica, an eviction) makes
   * every verb throw instead of starting anew; default false. */
  readonly durable?: boolean;
  /** `exact` (default): all keys are in one slot, and every call asks for everybody's limits.
   * `escrow`, for a Cluster that one slot cannot carry: users are spread over 64 slots, and a process
   * leases 0.5 % of everybody's limits at a time. Never over; at most that part for each other process
   * is refused too early. Limits of everybody must be of calendar periods, or `concurrent`. */
  readonly globalBudget?: 'exact' | 'escrow';
  /** For tests: default is the server's own clock, which decides for all processes. */
  readonly clock?: Clock;
}

/**
 * Keeps all counters in Redis (6.2 or later) or Valkey: exact over any number of processes, one script
 * and one round trip for each verb. Takes your own client; it is never closed here. Evicting keys
 * would give limits out anew, so a `maxmemory-policy` other than `noeviction` is warned of
 * (`GUARD_REDIS_EVICTION`), and a server that keeps its time from scripts, so that the
 * clients' clocks must decide (`GUARD_REDIS_CLOCK`).
 */
export function redisLedger(client: RedisClient, options: RedisLedgerOptions = {}): Ledger {
  const driver = driverOf(client);
  warnOfRedis(driver, options.namespace ?? 'guard');
  return options.globalBudget === 'escrow'
    ? sharded(driver, options)
    : new RedisLedger(driver, options);
}

const SHARDS = 64;

/** Users by their shards, each a namespace and so a slot of its own; everybody in one more. */
function sharded(driver: RedisDriver, options: RedisLedgerOptions): Ledger {
  const { namespace = 'guard', clock } = options;
  const shard = (_: unknown, index: number) =>
    new RedisLedger(driver, { ...options, namespace: `${namespace}-${index}` });
  const shards = Array.from({ length: SHARDS }, shard);
  const global = new RedisLedger(driver, options);
  return new EscrowLedger(global, shards, clock === undefined ? {} : { clock });
}

/** A decision, the store's time, and the counter of each claim after it. */
type Standing = [granted: number, nowMs: number, ...counters: (number | string)[][]];

/** Ids whose keys are remembered; of others the store is asked. */
const IDS_MAX = 200_000;
const HOUR_MS = 3_600_000;

class RedisLedger implements Ledger {
  readonly records: Records & { close(): void };
  readonly #driver: RedisDriver;
  readonly #prefix: string;
  readonly #deadlineMs: number;
  readonly #durable: boolean;
  readonly #clock: Clock | undefined;
  readonly #keysOf = new RecentMap<readonly string[]>(IDS_MAX, HOUR_MS);
  #seenOnce = false;
  #closed = false;

  constructor(
    driver: RedisDriver,
    { namespace = 'guard', deadlineMs = 1_000, durable = false, clock }: RedisLedgerOptions,
  ) {
    if (/[{}]/.test(namespace)) throw new TypeError('"namespace" must have no braces');
    this.#driver = driver;
    this.#prefix = `{${namespace}}:`;
    this.#deadlineMs = deadlineMs;
    this.#durable = durable;
    this.#clock = clock;
    const ask = this.#ask.bind(this);
    this.records = new RedisRecords(ask, driver, this.#prefix, clock === undefined);
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    assertAmounts(held);
    assertLease(lease);
    const encoded = encodeClaims(claims, ({ unit }) => held[unit]);
    const { subjects, numbers, slots } = encoded;
    const subjectKeys = subjects.map((subject) => this.#subjectKey(subject));
    const { durationMs, dispatched } = lease;
    const parameters = [numbers, leaseField(id), String(durationMs), flag(dispatched), ...slots];
    const keys = [this.#holdKey(id), ...subjectKeys];
    const answer = await this.#ask(scripts.reserve, keys, parameters);
    const [granted, nowMs, ...counters] = answer as Standing;
    if (granted === 1) this.#keysOf.set(id, subjectKeys, Date.now());
    const parts = partsWith(claims, encoded, counters, held);
    const balances = balancesOf(parts, nowMs);
    if (granted !== 0) return { granted: true, balances };
    return { granted: false, violations: violationsOf(parts, nowMs), balances };
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    assertAmounts(used);
    return this.#finish(id, 'settled', used);
  }

  release(id: string): Promise<Resolution> {
    return this.#finish(id, 'released', NOTHING);
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    assertLease(lease);
    const parameters = [leaseField(id), String(lease.durationMs), flag(lease.dispatched)];
    return (await this.#askOfHold(scripts.renew, id, parameters)) === 1;
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const encoded = encodeClaims(claims, () => 0);
    const { subjects, numbers, slots } = encoded;
    const keys = [`${this.#prefix}clock`, ...subjects.map((subject) => this.#subjectKey(subject))];
    const answer = await this.#ask(scripts.read, keys, [numbers, ...slots]);
    const [, nowMs, ...counters] = answer as Standing;
    return balancesOf(partsWith(claims, encoded, counters, NOTHING), nowMs);
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertGifts(amounts);
    const { subjects, numbers, slots } = encodeClaims(claims, ({ unit }) =>
      amounts[unit] === Number.POSITIVE_INFINITY ? -1 : amounts[unit],
    );
    const keys = [
      `${this.#prefix}gift:${id}`,
      ...subjects.map((subject) => this.#subjectKey(subject)),
    ];
    return (await this.#ask(scripts.credit, keys, [numbers, ...slots])) as Resolution;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.records.close();
    this.#keysOf.clear();
  }

  async #finish(id: string, ending: string, used: Amounts): Promise<Resolution> {
    const parameters = [ending, leaseField(id), encodeAmounts(used)];
    return (await this.#askOfHold(scripts.finish, id, parameters)) as Resolution;
  }

  /** A hold that another process took: the store knows its subjects, and all keys must be named. */
  async #askOfHold(script: Script, id: string, parameters: readonly Parameter[]): Promise<unknown> {
    const known = this.#keysOf.get(id);
    const keys = [this.#holdKey(id), ...(known ?? [])];
    const answer = await this.#ask(script, keys, [...parameters, flag(known !== undefined)]);
    if (!Array.isArray(answer)) return answer;
    return this.#ask(script, [this.#holdKey(id), ...answer], [...parameters, flag(true)]);
  }

  #holdKey(id: string): string {
    return `${this.#prefix}hold:${id}`;
  }

  #subjectKey(subject: string): string {
    return `${this.#prefix}s:${subject}`;
  }

  async #ask(
    script: Script,
    keys: readonly string[],
    parameters: readonly Parameter[],
  ): Promise<unknown> {
    if (this.#closed) throw new LedgerError('the ledger is closed');
    const ownMs = this.#clock === undefined ? '' : String(Math.floor(this.#clock.nowMs()));
    const mustExist = flag(this.#durable && this.#seenOnce);
    const all = [ownMs, String(Date.now()), mustExist, ...parameters];
    const run = () => this.#driver.run(script, [`${this.#prefix}clock`, ...keys], all);
    const answer = await within(whileMoving(run, this.#deadlineMs), this.#deadlineMs);
    this.#seenOnce = true;
    return answer;
  }
}

const NOTHING: Amounts = {
  requests: 0,
  tokens: 0,
  inputTokens: 0,
  outputTokens: 0,
  nanoUsd: 0,
  concurrent: 0,
};

const leaseField = (id: string): string => `L${id}`;
const flag = (value: boolean): string => (value ? '1' : '0');

/** A client may wait for ever for a connection, so this does not wait for the client. */
function within(running: Promise<unknown>, deadlineMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new LedgerError(`Redis did not answer within ${deadlineMs} ms`));
    const timer = setTimeout(late, deadlineMs);
    running
      .then(resolve, (error: unknown) => reject(failureOf(error)))
      .finally(() => clearTimeout(timer));
  });
}
