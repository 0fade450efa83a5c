import { type Size, Traffic } from './traffic.ts';
import { type World, world } from './world.ts';

const RPM = 500;
const TPM = 200_000;

/** What a run showed after it had settled. */
export interface Outcome {
  /** What got through, as a part of what the limit allowed. */
  readonly used: number;
  readonly refusedPerMinute: number;
  readonly refusedPer1000: number;
  readonly correctionsPerMinute: number;
}

interface RunOptions {
  readonly seed: number;
  readonly minutes: number;
}

export interface HeaderScenario {
  readonly name: string;
  readonly processes?: number;
  /** What the upstream takes, in parts of what is held. */
  readonly estimate?: number;
  readonly meanTokens?: number;
  /** The part of the limit that others take, in turns of 20 s if `inTurns`. */
  readonly others?: number;
  readonly inTurns?: boolean;
}

/** Four processes in which calls always wait, in front of an upstream that shows its limits. */
export const WITH_HEADERS: readonly HeaderScenario[] = [
  { name: 'estimates are exact' },
  { name: 'sixteen processes', processes: 16 },
  { name: 'others take 30 %', others: 0.3 },
  { name: 'others take 60 % in turns of 20 s', others: 0.6, inTurns: true },
  { name: 'calls are held at 0.7 of what the upstream takes', estimate: 0.7, meanTokens: 700 },
  { name: 'calls are held at 1.5 of what the upstream takes', estimate: 1.5, meanTokens: 700 },
  { name: 'calls are held at 3 times what the upstream takes', estimate: 3, meanTokens: 700 },
];

const SETTLING_MINUTES = 2;
const TURN_MINUTES = 1 / 3;

export async function runWithHeaders(
  scenario: HeaderScenario,
  { seed, minutes }: RunOptions,
): Promise<Outcome> {
  const { processes = 4, estimate = 1, meanTokens = 380, others = 0, inTurns = false } = scenario;
  await using w = world({ requests: RPM, tokens: TPM });
  const capacities = Array.from({ length: processes }, () => w.start());
  const sizeOf = (random: () => number) => sizeBy(random, meanTokens, estimate);
  const traffic = new Traffic(w, capacities, { seed, sizeOf });
  w.upstream.foreign(inTurns ? 0 : others);
  await traffic.run(SETTLING_MINUTES);
  traffic.reset();
  const before = capacities[0]?.status().corrections ?? 0;
  await (inTurns ? runInTurns(w, traffic, others, minutes) : traffic.run(minutes));
  const corrections = (capacities[0]?.status().corrections ?? 0) - before;
  const free = minutes * (1 - (inTurns ? others / 2 : others));
  const { accepted, tokens, refused } = traffic.tally;
  return {
    used: Math.max(accepted / (RPM * free), tokens / (TPM * free)),
    refusedPerMinute: refused / minutes,
    refusedPer1000: (1_000 * refused) / accepted,
    correctionsPerMinute: corrections / minutes,
  };
}

async function runInTurns(
  { upstream }: World,
  traffic: Traffic,
  others: number,
  minutes: number,
): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 2 * TURN_MINUTES) {
    upstream.foreign(others);
    await traffic.run(TURN_MINUTES);
    upstream.foreign(0);
    await traffic.run(TURN_MINUTES);
  }
}

/** A log-normal size. */
function sizeBy(random: () => number, mean: number, estimate: number): Size {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const taken = Math.max(20, Math.round(mean * Math.exp(0.8 * normal - 0.32)));
  return { taken, held: Math.max(1, Math.round(taken * estimate)) };
}

export interface HeaderlessScenario {
  readonly name: string;
  /** The time whose refill the upstream's bucket holds. */
  readonly burstMs: number;
  readonly processes?: number;
  /** By what the limit is multiplied after a third of the time. */
  readonly change?: number;
  readonly usedMin: number;
  readonly refusedPerMinuteMax: number;
}

const BURSTS = [60_000, 10_000, 1_000];

/** An upstream that shows no limit and gives no hint. */
export const WITHOUT_HEADERS: readonly HeaderlessScenario[] = [
  ...[1, 4].flatMap((processes) =>
    BURSTS.map((burstMs) => ({
      name: `${processes === 1 ? 'one process' : 'four processes'}, a burst of ${burstMs / 1_000} s`,
      burstMs,
      processes,
      usedMin: 0.95,
      refusedPerMinuteMax: 2,
    })),
  ),
  ...[60_000, 1_000].flatMap((burstMs) => [
    {
      name: `the limit halves, a burst of ${burstMs / 1_000} s`,
      burstMs,
      change: 0.5,
      usedMin: 0.95,
      refusedPerMinuteMax: 2,
    },
    // It takes two minutes to notice, and a search ends only when the upstream's bucket is empty.
    {
      name: `the limit doubles, a burst of ${burstMs / 1_000} s`,
      burstMs,
      change: 2,
      usedMin: 0.9,
      refusedPerMinuteMax: 4,
    },
  ]),
];

export async function runWithoutHeaders(
  { burstMs, processes = 1, change = 1 }: HeaderlessScenario,
  { seed, minutes }: RunOptions,
): Promise<Outcome> {
  const limits = { requests: RPM, tokens: 10 ** 12, headers: false, burstMs };
  await using w = world(limits);
  const capacities = Array.from({ length: processes }, () => w.start());
  const traffic = new Traffic(w, capacities, { seed });
  await traffic.run(SETTLING_MINUTES + 1);
  traffic.reset();
  await traffic.run(minutes / 3);
  if (change !== 1) traffic.change({ ...limits, requests: RPM * change }, 1);
  await traffic.run((2 * minutes) / 3);
  const { accepted, refused } = traffic.tally;
  return {
    used: accepted / (RPM * minutes * (1 / 3 + (2 / 3) * change)),
    refusedPerMinute: refused / minutes,
    refusedPer1000: (1_000 * refused) / accepted,
    correctionsPerMinute: 0,
  };
}
