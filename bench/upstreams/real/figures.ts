import { quantile } from '../../measure/statistics.ts';
import type { CallRecord } from './calling.ts';
import type { GuardTotals, UsageReport } from './guard-process.ts';
import { GAP_MS, HEAVY, LIMITS, type Scenario } from './scenarios.ts';
import type { UpstreamCounts } from './upstream-process.ts';

/** What a run left behind. */
export interface RunRecord {
  readonly scenario: Scenario;
  /** What was measured: after the warm-up, before the arrivals end. Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly calls: readonly CallRecord[];
  readonly guards: readonly GuardTotals[];
  /** At `fromMs`, at `toMs`, and when all calls had ended. */
  readonly upstream: readonly [UpstreamCounts, UpstreamCounts, UpstreamCounts];
  readonly ledger: UsageReport;
}

export interface Figures {
  readonly ordinaryP50Gaps: number;
  readonly ordinaryP95Gaps: number;
  /** Of calls that were answered. */
  readonly heavyP50Ms: number;
  /** Jain's index over served ÷ max-min fair share of all users. */
  readonly jain: number;
  /** The heavy user's served calls ÷ their fair share. */
  readonly heavyShare: number;
  /** The part of the limit that was used, by others too. */
  readonly used: number;
  /** Refusals of the upstream per 1,000 calls that it took. */
  readonly refusedPer1000: number;
  /** Refusals before the measured time, while the limits were learned. */
  readonly refusedInWarmUp: number;
  /** Refusals of the upstream that a client saw, and how many of those were ordinary users'. */
  readonly seen429s: number;
  readonly seenByOrdinary: number;
  /** Ordinary users' calls without an answer, by code. */
  readonly ordinaryDenied: Readonly<Record<string, number>>;
  readonly verbsPerCall: number;
  readonly reservesPerCall: number;
}

export function figuresOf(run: RunRecord): Figures {
  const { calls } = run;
  const served = calls.filter((call) => call.status === 200 && isIn(run, call.endedAtMs));
  const waits = waitsOf(run, calls);
  const shares = sharesOf(run, calls, served);
  const [from, to, end] = run.upstream;
  const seen = calls.filter((call) => call.status === 429 && call.code === 'rate_limit_exceeded');
  const denied = calls.filter(({ status, user }) => status !== 200 && user !== HEAVY);
  const accepted = to.accepted - from.accepted;
  return {
    ordinaryP50Gaps: quantile(waits.ordinary, 0.5) / GAP_MS,
    ordinaryP95Gaps: quantile(waits.ordinary, 0.95) / GAP_MS,
    heavyP50Ms: quantile(waits.heavyServed, 0.5),
    jain: jainOf([...shares.values()]),
    heavyShare: shares.get(HEAVY) ?? Number.NaN,
    used:
      (accepted * 60_000) / ((to.atMs - from.atMs) * LIMITS.requests) + (run.scenario.foreign ?? 0),
    refusedPer1000: ((to.refused - from.refused) * 1_000) / accepted,
    refusedInWarmUp: from.refused,
    seen429s: seen.length,
    seenByOrdinary: seen.filter(({ user }) => user !== HEAVY).length,
    ordinaryDenied: countsOf(denied.map(({ status, code }) => `${status} ${code}`)),
    verbsPerCall: run.guards.reduce((sum, { verbs }) => sum + verbs, 0) / end.calls,
    reservesPerCall: run.guards.reduce((sum, { reserves }) => sum + reserves, 0) / end.calls,
  };
}

/** What must never be, in sentences. Empty if the run kept every invariant. */
export function problemsOf({ calls, guards, upstream, ledger }: RunRecord): string[] {
  const [, , invoice] = upstream;
  const settledTokens = guards.reduce((sum, guard) => sum + guard.settledTokens, 0);
  const answered = calls.filter(({ status }) => status === 200).length;
  const failed = guards.flatMap((guard) =>
    guard.failed.map((text) => text.replace(/\d+ ms/, 'n ms')),
  );
  const problems = Object.entries(countsOf(failed)).map(([text, count]) => `${count} × ${text}`);
  const compare = (what: string, found: number, invoiced: number) => {
    if (found !== invoiced) problems.push(`${what} ${found}, and the invoice has ${invoiced}.`);
  };
  compare('Answers that clients received:', answered, invoice.calls);
  compare('Requests in the ledger:', ledger.requests, invoice.calls);
  compare('Tokens in the ledger:', ledger.tokens, invoice.tokens);
  compare('Tokens that the guards settled:', settledTokens, invoice.tokens);
  if (ledger.held !== 0) problems.push(`The ledger still holds ${ledger.held}.`);
  return problems;
}

/** A call that was denied waited for nothing as long as it took. */
function waitsOf(run: RunRecord, calls: readonly CallRecord[]) {
  const measured = calls.filter((call) => isIn(run, call.startedAtMs));
  const waitOf = (call: CallRecord) =>
    call.status === 200 ? call.waitedMs : call.endedAtMs - call.startedAtMs;
  const ordinary = measured.filter(({ user }) => user !== HEAVY);
  const heavyServed = measured.filter(({ user, status }) => user === HEAVY && status === 200);
  return { ordinary: ordinary.map(waitOf), heavyServed: heavyServed.map(waitOf) };
}

const isIn = ({ fromMs, toMs }: RunRecord, atMs: number): boolean => atMs >= fromMs && atMs < toMs;

/** Returns each user's served calls ÷ what a fair division of all served calls gives them. */
function sharesOf(
  run: RunRecord,
  calls: readonly CallRecord[],
  served: readonly CallRecord[],
): Map<string, number> {
  const asked = countsOf(calls.filter((c) => isIn(run, c.startedAtMs)).map(({ user }) => user));
  const got = countsOf(served.map(({ user }) => user));
  const fair = maxMinShares(asked, served.length);
  return new Map([...fair].map(([user, share]) => [user, (got[user] ?? 0) / share]));
}

/** Divides `total` so that no one gets more than they ask for, and the rest is divided again. */
export function maxMinShares(
  asked: Readonly<Record<string, number>>,
  total: number,
): Map<string, number> {
  const shares = new Map<string, number>();
  let left = total;
  const fewestFirst = Object.entries(asked).sort(([, a], [, b]) => a - b);
  for (const [index, [user, calls]] of fewestFirst.entries()) {
    const share = Math.min(calls, left / (fewestFirst.length - index));
    shares.set(user, share);
    left -= share;
  }
  return shares;
}

/** 1 if all are equal, 1 ÷ n if one has everything (Jain, Chiu and Hawe, 1984). */
export function jainOf(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum ** 2 / (values.length * values.reduce((total, value) => total + value ** 2, 0));
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
