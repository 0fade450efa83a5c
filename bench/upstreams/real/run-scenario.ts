import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from '../../../test/faults/killed/place.ts';
import { type Child, startChild } from '../../measure/child.ts';
import type { CallRecord } from './calling.ts';
import type { RunRecord } from './figures.ts';
import type { GuardMessage, GuardSettings, GuardTotals, UsageReport } from './guard-process.ts';
import { arrivalsOf, HEAVY, ORDINARY_USERS, type Scenario } from './scenarios.ts';
import type { UpstreamCounts } from './upstream-process.ts';

const UPSTREAM = new URL('upstream-process.ts', import.meta.url);
const GUARD = new URL('guard-process.ts', import.meta.url);
const STARTS_IN_MS = 500;
const WARM_MS = 8_000;
const ANYWHERE = { at: 'anywhere' } as const;
const USERS = [HEAVY, ...Array.from({ length: ORDINARY_USERS }, (_, index) => `user-${index}`)];

interface RunSettings {
  readonly place: Place;
  readonly seed: number;
  readonly runMs: number;
}

/** Runs four guards on one store against one upstream, until all their calls have ended. */
export async function runScenario(scenario: Scenario, settings: RunSettings): Promise<RunRecord> {
  await using upstream = await startChild(UPSTREAM, scenario, ANYWHERE);
  const { baseURL } = upstream.ready as { baseURL: string };
  await using started = new AsyncDisposableStack();
  const children: Child[] = [];
  for (const [index, arrivals] of arrivalsOf(scenario).entries()) {
    const { place, seed } = settings;
    const given: GuardSettings = { place, baseURL, arrivals, seeds: [seed, index] };
    children.push(started.use(await startChild(GUARD, given, ANYWHERE)));
  }
  const startsAtMs = Date.now() + STARTS_IN_MS;
  const fromMs = startsAtMs + WARM_MS;
  const toMs = fromMs + settings.runMs;
  const message: GuardMessage = { kind: 'run', startsAtMs, endsAtMs: toMs };
  const running = Promise.all(children.map((child) => child.ask(message)));
  const first = await countsAt(upstream, fromMs);
  const second = await countsAt(upstream, toMs);
  const calls = ((await running) as CallRecord[][]).flat();
  const ledger = await usageOnceSettled(children);
  const last = await countsAt(upstream, toMs);
  const totals: GuardMessage = { kind: 'totals' };
  const asked = await Promise.all(children.map((child) => child.ask(totals)));
  const guards = asked as GuardTotals[];
  return { scenario, fromMs, toMs, calls, guards, upstream: [first, second, last], ledger };
}

const SETTLES_IN_MS = 15_000;

/** Returns what the ledger counted, as soon as it holds nothing any more, or after 15 s. */
async function usageOnceSettled([child]: readonly Child[]): Promise<UsageReport> {
  const message: GuardMessage = { kind: 'usage', users: USERS };
  for (const untilMs = Date.now() + SETTLES_IN_MS; ; await sleep(100)) {
    const usage = (await child?.ask(message)) as UsageReport;
    if (usage.held === 0 || Date.now() > untilMs) return usage;
  }
}

async function countsAt(upstream: Child, atMs: number): Promise<UpstreamCounts> {
  await sleep(Math.max(0, atMs - Date.now()));
  return (await upstream.ask({})) as UpstreamCounts;
}
