import type { Contender, ContenderName } from './contender-process.ts';
import { firstByteMs, frameRate, latencyMs, median, type Rate, requestRate } from './load.ts';
import type { Upstream } from './upstream.ts';

export interface Durations {
  readonly warmMs: number;
  readonly requestsMs: number;
  readonly framesMs: number;
  readonly latencyMs: number;
}

/** What one contender did in one round. */
export interface Figures {
  readonly requests: Rate;
  readonly latencyMs: number;
  /** `undefined` for a contender that serves no streams. */
  readonly streams: { readonly frames: Rate; readonly firstByteMs: number } | undefined;
}

export interface Round {
  /** OpenAI's stand-in itself, on one connection. */
  readonly directLatencyMs: number;
  readonly of: Readonly<Record<ContenderName, Figures>>;
}

/** Every contender in turn, round after round, so that all share the machine's good and bad moments. */
export async function measureRounds(
  contenders: readonly Contender[],
  upstream: Upstream,
  rounds: number,
  durations: Durations,
): Promise<readonly Round[]> {
  for (const contender of contenders) await measure(contender, upstream, warming(durations));
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const direct = { port: upstream.port, callers: [], cpuMicroseconds: async () => 0 };
    const directLatencyMs = await latencyMs(direct, durations.latencyMs);
    const of: [string, Figures][] = [];
    // Nobody always comes after the same one.
    for (const contender of rotated(contenders, round)) {
      of.push([contender.name, await measure(contender, upstream, durations)]);
    }
    measured.push({ directLatencyMs, of: Object.fromEntries(of) as Round['of'] });
  }
  return measured;
}

const warming = ({ warmMs }: Durations): Durations => ({
  warmMs,
  requestsMs: warmMs,
  framesMs: warmMs / 2,
  latencyMs: warmMs / 4,
});

function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

async function measure(
  contender: Contender,
  upstream: Upstream,
  durations: Durations,
): Promise<Figures> {
  const requests = await requestRate(contender, durations.requestsMs);
  const latency = await latencyMs(contender, durations.latencyMs);
  if (!contender.servesStreams) return { requests, latencyMs: latency, streams: undefined };
  const frames = await frameRate(contender, upstream, durations.framesMs);
  const first = await firstByteMs(contender, upstream, durations.latencyMs);
  return { requests, latencyMs: latency, streams: { frames, firstByteMs: first } };
}

/** The median over all rounds; `NaN` where a contender has no such figure. */
export function over(rounds: readonly Round[], pick: (round: Round) => number | undefined): number {
  return median(rounds.map((round) => pick(round) ?? Number.NaN));
}
