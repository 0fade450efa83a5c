import { setTimeout as wait } from 'node:timers/promises';
import { ownCpu } from '../measure/cpu.ts';
import type { Figures } from '../measure/results.ts';
import { median } from '../measure/statistics.ts';
import { perCall } from '../measure/worker.ts';
import type { Target } from './contender-process.ts';
import { type Ask, askStream, Load } from './load.ts';
import type { Upstream } from './upstream.ts';
import { CONNECTIONS, type Kind } from './workload.ts';

/** Content frames per stream, for warming up and for timing the first byte. */
const SHORT_STREAM_FRAMES = { warming: 8, firstByte: 3 } as const;
const UNCOUNTED_PART = 0.15;

/** Requests this many responses of a kind, on all connections. */
export async function askFor(
  target: Target,
  upstream: Upstream,
  kind: Kind,
  answers: number,
): Promise<void> {
  const load = new Load(target, CONNECTIONS, kind);
  let left = answers;
  const ask = onceOf(kind, upstream, () => {});
  const run = () => load.run(ask, () => left-- > 0);
  await upstream.whileFramesAre(SHORT_STREAM_FRAMES.warming, run);
  load.close();
}

/** Returns speed and CPU on 64 connections in a closed loop, of whole responses or of chunks. */
export async function rateOf(
  target: Target,
  upstream: Upstream,
  kind: Kind,
  ms: number,
): Promise<Figures> {
  const load = new Load(target, CONNECTIONS, kind);
  let count = 0;
  const counted = onceOf(kind, upstream, (more) => {
    count += more;
  });
  const ended = load.run(counted);
  const figures = await sampled(target, ms, () => count);
  await load.stop(ended);
  return figures;
}

/** Returns the median time of a whole response on one connection. */
export async function answerMs(target: Target, ms: number): Promise<number> {
  const times: number[] = [];
  await alone(target, 'json', ms, async (ask) => void times.push((await ask()).wholeMs));
  return median(times);
}

/** Returns the median time to the first byte of a stream on one connection. */
export async function firstByteMs(target: Target, upstream: Upstream, ms: number): Promise<number> {
  const times: number[] = [];
  const ask = async (once: Ask) => {
    times.push((await askStream(once, upstream, () => {})).firstByteMs);
  };
  const run = () => alone(target, 'streams', ms, ask);
  await upstream.whileFramesAre(SHORT_STREAM_FRAMES.firstByte, run);
  return median(times);
}

async function alone(
  target: Target,
  kind: Kind,
  ms: number,
  once: (ask: Ask) => Promise<unknown>,
): Promise<void> {
  const load = new Load(target, 1, kind);
  const ended = load.run(once);
  await wait(ms);
  await load.stop(ended);
}

/** Sends one request, and reports one response, or content frames as they arrive. */
function onceOf(kind: Kind, upstream: Upstream, onMore: (count: number) => void) {
  if (kind === 'streams') return (ask: Ask) => askStream(ask, upstream, onMore);
  return async (ask: Ask) => {
    await ask();
    onMore(1);
  };
}

/** Counts between two points in time. Each is taken when the contender has reported its CPU time. */
export async function sampled(
  target: Target,
  forMs: number,
  count: () => number,
): Promise<Figures> {
  const look = async () => ({
    cpu: await target.cpu(),
    loadCpu: ownCpu(),
    atMs: performance.now(),
    count: count(),
  });
  await wait(forMs * UNCOUNTED_PART);
  const first = await look();
  await wait(forMs);
  const last = await look();
  const calls = last.count - first.count;
  const ms = last.atMs - first.atMs;
  const loadPercent = (last.loadCpu.mainUs - first.loadCpu.mainUs) / ms / 10;
  const perSecond = (calls / ms) * 1_000;
  return { perSecond, ...perCall(first.cpu, last.cpu, calls), loadPercent };
}
