import type { Amounts, Claim, Ledger } from '../src/ledger/ledger.ts';
import type { LimitSpec } from '../src/plans/limit.ts';
import { parseLimits } from '../src/plans/parse-limits.ts';

const USERS = 10_000;
const SECONDS = Number(process.env['SECONDS'] ?? 3);
const UNLIMITED = 1e12;
const EVERYBODY: LimitSpec = { usd: 1_000_000, per: 'day' };
const OWN: readonly LimitSpec[] = [
  { requests: UNLIMITED, per: 'minute', burst: UNLIMITED },
  { requests: UNLIMITED, per: '24h' },
  { tokens: UNLIMITED, per: 'month' },
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

/** One call of a contender, the `index`th. */
export type Call = (index: number) => Promise<unknown>;

const own = parseLimits(OWN, 'limits');
const shared = parseLimits([EVERYBODY], 'limits');

function claimsOf(user: string, withEverybody: boolean): Claim[] {
  const nowMs = Date.now();
  const rules = (limits: typeof own, subject: string) =>
    limits.map((limit) => ({ subject, rule: limit.ruleFor({ id: user }, nowMs) }));
  const usd = withEverybody ? 'everybody' : `user:${user}`;
  return [...rules(own, `user:${user}`), ...rules(shared, usd)];
}

let calls = 0;

/** All users in turn, no two neighbours after each other. */
export const userOf = (index: number): number => (index * 7_919) % USERS;

/** Reserves and settles one call of one of many users, with five limits. */
export function cycle(ledger: Ledger, withEverybody: boolean): Call {
  return async (index) => {
    const id = `call-${++calls}`;
    const claims = claimsOf(`${userOf(index)}`, withEverybody);
    const { granted } = await ledger.reserve(id, claims, HELD, LEASE);
    if (!granted || (await ledger.settle(id, USED)) !== 'done') throw new Error('not counted');
  };
}

/** How many calls a second, `inFlight` of them at once, after a short warm-up; and how long each took. */
export async function measure(call: Call, inFlight: number) {
  let index = 0;
  const tookMs: number[] = [];
  const work = async (untilMs: number) => {
    while (performance.now() < untilMs) {
      const startMs = performance.now();
      await call(index++);
      tookMs.push(performance.now() - startMs);
    }
  };
  const all = (ms: number) =>
    Promise.all(Array.from({ length: inFlight }, () => work(performance.now() + ms)));
  await all(500);
  tookMs.length = 0;
  const startMs = performance.now();
  await all(SECONDS * 1_000);
  const perSecond = (tookMs.length * 1_000) / (performance.now() - startMs);
  tookMs.sort((a, b) => a - b);
  const quantile = (part: number) => tookMs[Math.floor(tookMs.length * part)];
  return { perSecond, p50: quantile(0.5), p99: quantile(0.99) };
}
