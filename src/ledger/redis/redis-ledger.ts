import { parseOrThrow } from '../../base/parse-or-throw.ts';
import { RecentMap } from '../../base/recent-map.ts';
import { LedgerError } from '../../core/errors.ts';
import { type Amounts, assertAmounts, assertCredits, NO_AMOUNTS } from '../amounts.ts';
import { Batches } from '../batches.ts';
import type { Counter } from '../counting/counter.ts';
import { counterAt } from '../counting/counter-for.ts';
import { balancesOf, violationsOf, wouldDenyOf } from '../counting/decide.ts';
import type {
  Balance,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  ReleaseOptions,
  Resolution,
} from '../ledger.ts';
import { assertLease } from '../ledger.ts';
import type { Records } from '../records.ts';
import { BatchRunner, loadBatch } from './batch-runner.ts';
import { type ClaimLayout, claimLayoutOf } from './claim-layout.ts';
import { driverOf, isErrorReply, type RedisClient, type RedisDriver } from './driver.ts';
import { EscrowLedger } from './escrow/escrow-ledger.ts';
import { partsOf } from './parts.ts';
import { type RedisLedgerOptions, type RedisSettings, redisOptions } from './redis-options.ts';
import { RedisRecords, type RunRedis } from './redis-records.ts';
import { RedisStore } from './redis-store.ts';
import { STATUS, VERB } from './script/codes.ts';
import { script } from './script/script.ts';
import { amountNumbers, leaseNumbers, resolutionOf, type Verb, type VerbReply } from './verb.ts';

export type { RedisClient } from './driver.ts';
export type { RedisLedgerOptions } from './redis-options.ts';

/**
 * Keeps all counters in Redis (6.2 or later) or Valkey: exact over any number of processes, one
 * round trip for each verb. Verbs of the same turn of the event loop share a script. Takes your own
 * client, and never closes it. Warns if the server may evict counters, because they would begin at
 * zero (`GUARD_REDIS_EVICTION`), and if scripts cannot read the server's time, because then the
 * clients' clocks decide (`GUARD_REDIS_CLOCK`).
 *
 * @example
 * ```ts
 * import { Redis } from 'ioredis';
 *
 * const ledger = redisLedger(new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'));
 * ```
 */
export function redisLedger(client: RedisClient, options: RedisLedgerOptions = {}): Ledger {
  const driver = driverOf(client);
  const settings = parseOrThrow(redisOptions, options, 'redisLedger');
  const { namespace, globalBudget } = settings;
  warnOfRedis(driver, namespace);
  loadBatch(driver, namespace);
  return globalBudget === 'escrow' ? sharded(driver, settings) : new RedisLedger(driver, settings);
}

const SHARDS = 64;

/** Returns a ledger with a shard for each part of the users, in a namespace and so a slot of its
 * own, and one for shared limits. */
function sharded(driver: RedisDriver, settings: RedisSettings): Ledger {
  const { namespace, clock } = settings;
  const shard = (_: unknown, index: number) =>
    new RedisLedger(driver, { ...settings, namespace: `${namespace}-${index}` });
  const shards = Array.from({ length: SHARDS }, shard);
  const global = new RedisLedger(driver, settings);
  return new EscrowLedger(global, shards, clock === undefined ? {} : { clock });
}

/** Ids whose accounts are remembered. The accounts of others are found by the script. */
const IDS_MAX = 200_000;
const HOUR_MS = 3_600_000;
/** A script blocks the whole server while it runs. */
const VERBS_PER_SCRIPT_MAX = 16;

/** The plan and the accounts of a hold. */
interface Parties {
  readonly plan?: ClaimLayout;
  readonly accounts: readonly string[];
}

class RedisLedger implements Ledger {
  readonly records: Records & { close(): void };
  readonly #batches: Batches<Verb, VerbReply>;
  readonly #partiesOf = new RecentMap<Parties>(IDS_MAX, HOUR_MS);
  #closed = false;

  constructor(driver: RedisDriver, settings: RedisSettings) {
    const store = new RedisStore(driver, settings);
    const runner = new BatchRunner(store);
    this.#batches = new Batches({
      run: (verbs) => runner.run(verbs),
      sizeMax: VERBS_PER_SCRIPT_MAX,
      hadNoEffect: isErrorReply,
    });
    const ask: RunRedis = async (...what) => {
      this.#assertOpen();
      return store.ask(...what);
    };
    this.records = new RedisRecords(ask, driver, store.prefix, settings.clock === undefined);
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    assertAmounts(held);
    assertLease(lease);
    const parties = claimLayoutOf(claims);
    const counters = countersOf(claims);
    const capacities = counters.map(capacityNumber);
    const numbers = [...leaseNumbers(lease), ...amountNumbers(held), ...capacities];
    const verb = { code: VERB.RESERVE, id: holdId(id), ...parties, numbers };
    const { status, shadows, nowMs, values } = await this.#run(verb);
    if (status === STATUS.GRANTED) this.#partiesOf.set(id, parties, Date.now());
    const parts = partsOf(counters, parties.plan.claims, values, held);
    const balances = balancesOf(parts, nowMs);
    if (status === STATUS.DENIED) {
      return { granted: false, violations: violationsOf(parts, nowMs), balances };
    }
    if (shadows.length === 0) return { granted: true, balances };
    return { granted: true, balances, wouldDeny: wouldDenyOf(parts, shadows, nowMs) };
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    assertAmounts(used);
    return this.#finish(VERB.SETTLE, id, amountNumbers(used));
  }

  async release(id: string, { keepsRates = false }: ReleaseOptions = {}): Promise<Resolution> {
    return this.#finish(VERB.RELEASE, id, keepsRates ? KEPT_IN_RATES : NOTHING);
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    assertLease(lease);
    const numbers = leaseNumbers(lease);
    const verb = { code: VERB.RENEW, id: holdId(id), ...UNKNOWN, numbers };
    return (await this.#run(verb)).status === STATUS.DONE;
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const { plan, accounts } = claimLayoutOf(claims);
    const verb = { code: VERB.READ, id: '', plan, accounts, numbers: [] };
    const { nowMs, values } = await this.#run(verb);
    return balancesOf(partsOf(countersOf(claims), plan.claims, values, NO_AMOUNTS), nowMs);
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertCredits(amounts);
    // Below zero: everything that was used is forgiven.
    const numbers = amountNumbers(amounts).map((amount) => (Number.isFinite(amount) ? amount : -1));
    const verb = { code: VERB.CREDIT, id: `g${id}`, ...claimLayoutOf(claims), numbers };
    return resolutionOf((await this.#run(verb)).status);
  }

  async close(): Promise<void> {
    this.#batches.flush();
    this.#closed = true;
    this.records.close();
    this.#partiesOf.clear();
  }

  async #finish(code: number, id: string, numbers: readonly number[]): Promise<Resolution> {
    const parties = this.#partiesOf.get(id) ?? UNKNOWN;
    const { status } = await this.#run({ code, id: holdId(id), ...parties, numbers });
    return resolutionOf(status);
  }

  #run(verb: Verb): Promise<VerbReply> {
    this.#assertOpen();
    return this.#batches.add(verb);
  }

  #assertOpen(): void {
    if (this.#closed) throw new LedgerError('the ledger is closed');
  }
}

const countersOf = (claims: readonly Claim[]): Counter[] =>
  claims.map(({ rule }, place) => counterAt(place, rule));

/** Below zero: what a shadow would allow, less than -1 by that. */
const capacityNumber = ({ isShadow, capacity }: Counter): number =>
  isShadow ? -1 - capacity : capacity;

const NOTHING = amountNumbers(NO_AMOUNTS);
/** Below zero: what was held, for rates. Nothing for other rules. */
const KEPT_IN_RATES = amountNumbers({ ...NO_AMOUNTS, requests: -1 });
const UNKNOWN: Parties = { accounts: [] };
const holdId = (id: string): string => `h${id}`;

const PROBE = script(`return redis.pcall('TIME').err and 'refused' or 'told'`);

/** Warns once about what makes this server less than exact. Does not warn if that cannot be found
 * out. */
function warnOfRedis(driver: RedisDriver, namespace: string): void {
  warnOfEviction(driver).catch(() => {});
  warnOfClock(driver, `{${namespace}}:clock`).catch(() => {});
}

/** A server that evicts a counter forgives what was used. */
async function warnOfEviction(driver: RedisDriver): Promise<void> {
  const text = await driver.info('memory');
  const policy = /maxmemory_policy:(\S+)/.exec(text ?? '')?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  process.emitWarning(
    `Redis may evict counters (maxmemory-policy ${policy}), and with them what was used: set it to noeviction`,
    { code: 'GUARD_REDIS_EVICTION' },
  );
}

async function warnOfClock(driver: RedisDriver, key: string): Promise<void> {
  if ((await driver.run(PROBE, [key], [])) !== 'refused') return;
  process.emitWarning(
    'Redis does not tell scripts its time, so the latest clock of the backends counts: keep them right, or allow TIME',
    { code: 'GUARD_REDIS_CLOCK' },
  );
}
