/**
 * The memory ledger beside what else could count a call: `node bench/ledger.ts` (with `--expose-gc` it
 * also weighs an idle account).
 */
import { pathToFileURL } from 'node:url';
import { RateLimiterMemory, RateLimiterUnion } from 'rate-limiter-flexible';
import type { Amounts, Claim, Ledger } from '../src/ledger/ledger.ts';
import { memoryLedger } from '../src/ledger/memory-ledger.ts';
import type { LimitSpec } from '../src/plans/limit.ts';
import { parseLimits } from '../src/plans/parse-limits.ts';

export interface LedgerRow {
  readonly contender: string;
  /** Median over the rounds. */
  readonly perSecond: number;
  /** Median of the ratios to one awaited Map counter in the same round. */
  readonly timesMap: number;
}

type Contender = (calls: number) => Promise<void>;

const USERS = 10_000;
const ROUNDS = 7;
const IDLE_ACCOUNTS = 200_000;
const UNLIMITED = 1e12;
const OWN_LIMITS: readonly LimitSpec[] = [
  { requests: UNLIMITED, per: 'minute', burst: UNLIMITED },
  { requests: UNLIMITED, per: '24h' },
  { tokens: UNLIMITED, per: 'month' },
  { usd: 1_000_000, per: 'month' },
  { concurrent: 1_000 },
];
const HELD: Amounts = {
  requests: 1,
  tokens: 1_500,
  inputTokens: 500,
  outputTokens: 1_000,
  nanoUsd: 2_000_000,
  concurrent: 1,
};
const USED: Amounts = { ...HELD, tokens: 700, outputTokens: 200, nanoUsd: 450_000, concurrent: 0 };
const LEASE = { durationMs: 90_000, dispatched: true };

/** Each contender in turn, round after round in one process, so that all share its good and bad moments. */
export async function benchLedger(rounds = ROUNDS): Promise<readonly LedgerRow[]> {
  const contenders: readonly [string, Contender, number][] = [
    ['one awaited Map counter', mapCounter(), 500_000],
    ['reserve + settle of 6 limits', ledgerCycle(), 200_000],
    ['the same 6 limits, in process by handle', handleCycle(), 200_000],
    ['reserve + settle of 3 limits', ledgerCycle(OWN_LIMITS.slice(1, 3)), 200_000],
    ['rate-limiter-flexible, union of 5', unionOfFive(), 40_000],
  ];
  const perSecond = contenders.map((): number[] => []);
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, [, run, calls]] of contenders.entries()) {
      const speed = await measure(run, calls);
      // The first round only warms up.
      if (round >= 0) perSecond[index]?.push(speed);
    }
  }
  const [map = []] = perSecond;
  return contenders.map(([contender], index) => {
    const speeds = perSecond[index] ?? [];
    const ratios = speeds.map((speed, round) => speed / (map[round] ?? Number.NaN));
    return { contender, perSecond: median(speeds), timesMap: median(ratios) };
  });
}

/** Heap per account that has used something and holds nothing; needs `--expose-gc`. */
export async function idleAccountBytes(accounts = IDLE_ACCOUNTS): Promise<number | undefined> {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  const ledger = memoryLedger();
  const limits = parseLimits(OWN_LIMITS, 'limits');
  await cycle(ledger, claimsOf('first', limits), 'first');
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < accounts; index += 1) {
    await cycle(ledger, claimsOf(`user:${index}`, limits), `same${index % 1_000}-${index}`);
  }
  // What is remembered of finished ids does not belong to accounts; these push it out.
  gc();
  const after = process.memoryUsage().heapUsed;
  await ledger.read([]);
  return (after - before) / accounts;
}

async function cycle(ledger: Ledger, claims: readonly Claim[], id: string): Promise<void> {
  const decision = await ledger.reserve(id, claims, HELD, LEASE);
  if (!decision.granted) throw new Error('the bench must measure grants');
  await ledger.settle(id, USED);
}

function claimsOf(subject: string, limits: ReturnType<typeof parseLimits>): readonly Claim[] {
  return limits.map((limit) => ({
    subject,
    rule: limit.ruleFor({ id: subject }, Date.now()),
  }));
}

function claimsOfUsers(own: readonly LimitSpec[]): readonly (readonly Claim[])[] {
  const everybody = claimsOf('everybody', parseLimits([{ usd: 9_000_000, per: 'day' }], 'limits'));
  const limits = parseLimits(own, 'limits');
  return Array.from({ length: USERS }, (_, user) => [
    ...claimsOf(`user:${user}`, limits),
    ...everybody,
  ]);
}

function ledgerCycle(own: readonly LimitSpec[] = OWN_LIMITS): Contender {
  const ledger = memoryLedger();
  const claims = claimsOfUsers(own);
  let calls = 0;
  return async (count) => {
    for (let index = 0; index < count; index += 1) {
      calls += 1;
      await cycle(ledger, claims[calls % USERS] ?? [], `call-${calls}`);
    }
  };
}

/** As the guard asks it: no promise, no look-up by id. */
function handleCycle(): Contender {
  const { inProcess } = memoryLedger();
  if (inProcess === undefined) throw new Error('the memory ledger must answer in process');
  const claims = claimsOfUsers(OWN_LIMITS);
  let calls = 0;
  return async (count) => {
    for (let index = 0; index < count; index += 1) {
      calls += 1;
      const decision = inProcess.reserve(`call-${calls}`, claims[calls % USERS] ?? [], HELD, LEASE);
      if (!decision.granted) throw new Error('the bench must measure grants');
      inProcess.settle(decision.hold, USED);
    }
  };
}

function mapCounter(): Contender {
  const used = new Map<string, number>();
  const users = Array.from({ length: USERS }, (_, user) => `user:${user}`);
  const consume = async (user: string): Promise<boolean> => {
    const next = (used.get(user) ?? 0) + 1;
    used.set(user, next);
    return next <= UNLIMITED;
  };
  return async (count) => {
    for (let index = 0; index < count; index += 1) await consume(users[index % USERS] ?? '');
  };
}

function unionOfFive(): Contender {
  const seconds = [60, 3_600, 86_400, 604_800, 1_209_600];
  const union = new RateLimiterUnion(
    ...seconds.map(
      (duration) =>
        new RateLimiterMemory({ keyPrefix: `w${duration}`, points: UNLIMITED, duration }),
    ),
  );
  const users = Array.from({ length: USERS }, (_, user) => `user:${user}`);
  return async (count) => {
    for (let index = 0; index < count; index += 1) await union.consume(users[index % USERS] ?? '');
  };
}

async function measure(run: Contender, calls: number): Promise<number> {
  const startedMs = performance.now();
  await run(calls);
  return (calls * 1000) / (performance.now() - startedMs);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function main(): Promise<void> {
  const rows = await benchLedger();
  const shown = rows.map(({ contender, perSecond, timesMap }) => ({
    contender,
    'per second': Math.round(perSecond).toLocaleString('en'),
    '× Map': timesMap.toFixed(3),
  }));
  console.table(shown);
  const bytes = await idleAccountBytes();
  if (bytes !== undefined) console.log(`${bytes.toFixed(0)} bytes per idle account`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main();
  // The union's own timers would keep the process for two weeks.
  process.exit(0);
}
