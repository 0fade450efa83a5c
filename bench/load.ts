import { setTimeout as wait } from 'node:timers/promises';
import { HttpConnection, type Timing } from './http-connection.ts';
import type { Upstream } from './upstream.ts';
import { CONNECTIONS, chatBody } from './workload.ts';

/** Who is called, and how; OpenAI's stand-in itself when there is nobody in between. */
export interface Target {
  readonly port: number;
  readonly callers: readonly Readonly<Record<string, string>>[];
  cpuMicroseconds(): Promise<number>;
}

export interface Rate {
  readonly perSecond: number;
  readonly cpuMicrosecondsEach: number;
}

/** Whole answers, on 64 connections that each ask again as soon as they are answered. */
export async function requestRate(target: Target, durationMs: number): Promise<Rate> {
  const load = new Load(target, CONNECTIONS, { stream: false });
  let requests = 0;
  const ended = load.run(async (ask) => {
    await ask();
    requests += 1;
  });
  const rate = await sampled(target, durationMs, () => requests);
  await load.stop(ended);
  return rate;
}

/** Streamed answers on 64 connections; counts content frames that reached the client. */
export async function frameRate(
  target: Target,
  upstream: Upstream,
  durationMs: number,
): Promise<Rate> {
  const load = new Load(target, CONNECTIONS, { stream: true });
  let frames = 0;
  const ended = load.run((ask) =>
    askStream(ask, upstream, (count) => {
      frames += count;
    }),
  );
  const rate = await sampled(target, durationMs, () => frames);
  await load.stop(ended);
  return rate;
}

/** Median time of whole answers on one connection, in ms. */
export async function latencyMs(target: Target, durationMs: number): Promise<number> {
  const load = new Load(target, 1, { stream: false });
  const times: number[] = [];
  const ended = load.run(async (ask) => void times.push((await ask()).wholeMs));
  await wait(durationMs);
  await load.stop(ended);
  return median(times);
}

const SHORT_STREAM_FRAMES = 3;

/** Median time to the first byte of a stream on one connection, in ms. */
export async function firstByteMs(
  target: Target,
  upstream: Upstream,
  durationMs: number,
): Promise<number> {
  const { contentFrames } = upstream;
  upstream.contentFrames = SHORT_STREAM_FRAMES;
  const load = new Load(target, 1, { stream: true });
  const times: number[] = [];
  const ended = load.run(async (ask) => {
    const timing = await askStream(ask, upstream, () => {});
    times.push(timing.firstByteMs);
  });
  await wait(durationMs);
  await load.stop(ended);
  upstream.contentFrames = contentFrames;
  return median(times);
}

type Ask = (onFrames?: (count: number) => void) => Promise<Timing>;

/** Tells the stand-in of each frame that came, and at the end of those that a contender merged. */
async function askStream(
  ask: Ask,
  upstream: Upstream,
  onFrames: (count: number) => void,
): Promise<Timing> {
  let missing = upstream.contentFrames;
  const arrived = (count: number) => {
    const content = Math.min(count, missing);
    missing -= content;
    onFrames(content);
    upstream.framesArrived(content);
  };
  const timing = await ask(arrived);
  arrived(missing);
  return timing;
}

/** Connections that ask in a closed loop until they are stopped. */
class Load {
  readonly #asks: readonly Ask[];
  readonly #connections: readonly HttpConnection[];
  #isStopped = false;

  constructor(target: Target, connections: number, settings: { readonly stream: boolean }) {
    const { port, callers } = target;
    this.#connections = Array.from({ length: connections }, () => new HttpConnection(port));
    this.#asks = this.#connections.map((connection, index) => {
      const request = requestText(callers[index % callers.length], settings);
      return (onFrames) => connection.exchange(request, onFrames ? { onFrames } : {});
    });
  }

  /** Repeats `once` on each connection; rejects with the first that fails. */
  async run(once: (ask: Ask) => Promise<unknown>): Promise<void> {
    await Promise.all(
      this.#asks.map(async (ask) => {
        while (!this.#isStopped) await once(ask);
      }),
    );
  }

  async stop(ended: Promise<void>): Promise<void> {
    this.#isStopped = true;
    await ended;
    for (const connection of this.#connections) connection.close();
  }
}

function requestText(
  caller: Readonly<Record<string, string>> = {},
  settings: { readonly stream: boolean },
): string {
  const body = chatBody(settings);
  const lines = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    'accept: application/json',
    'user-agent: bench',
    `content-length: ${body.length}`,
    ...Object.entries(caller).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Counts between two looks at the clock, each taken when the contender has told its CPU time. */
async function sampled(target: Target, durationMs: number, count: () => number): Promise<Rate> {
  const look = async () => ({
    cpu: await target.cpuMicroseconds(),
    atMs: performance.now(),
    count: count(),
  });
  const WARM_PART = 0.15;
  await wait(durationMs * WARM_PART);
  const first = await look();
  await wait(durationMs * (1 - WARM_PART));
  const last = await look();
  const counted = last.count - first.count;
  return {
    perSecond: (counted / (last.atMs - first.atMs)) * 1000,
    cpuMicrosecondsEach: (last.cpu - first.cpu) / counted,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted[middle - 1] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}
