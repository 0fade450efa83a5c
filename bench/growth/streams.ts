import { setTimeout as wait } from 'node:timers/promises';
import { type ContenderName, startContender, type Target } from '../http/contender-process.ts';
import { Load } from '../http/load.ts';
import { askFor, sampled } from '../http/rates.ts';
import { startUpstream, type Upstream } from '../http/upstream.ts';
import { pinSelf } from '../measure/cores.ts';
import type { Figures } from '../measure/results.ts';
import { median } from '../measure/statistics.ts';
import type { Curves, Point } from './curves.ts';
import type { GrowthSettings } from './growth-settings.ts';

const NAMES: readonly ContenderName[] = ['raw', 'guard-node'];
/** More than any size. The guard's own bound is 1,000. */
const IN_FLIGHT_MAX = 10_000;
/** Opens streams in batches, because a server's queue of new connections is short. */
const OPENED_AT_ONCE = 200;
const WARM_MS = 500;
/** With fewer streams, other changes in the process's memory are larger than the streams. */
const WEIGHED_MIN = 100;

/** CPU per chunk and memory per stream, as more streams are open at once. */
export async function byStreams(settings: GrowthSettings): Promise<Curves> {
  using _ = pinSelf('load');
  const curves: Record<string, Point[]> = {};
  for (const size of settings.streams) {
    for (const name of NAMES) {
      curves[name] ??= [];
      curves[name].push({ size, ...(await measure(name, size, settings)) });
    }
  }
  return curves;
}

async function measure(
  name: ContenderName,
  size: number,
  { warmCalls, sliceMs, rounds }: GrowthSettings,
): Promise<Figures> {
  using upstream = await startUpstream();
  const around = { upstreamURL: upstream.url, inFlight: IN_FLIGHT_MAX };
  await using contender = await startContender(name, around);
  await askFor(contender, upstream, 'streams', warmCalls);
  // Idle connections of the warm-up must not count as memory of the streams.
  upstream.hangUp();
  const before = await contender.memory();
  using streams = await OpenStreams.start(contender, upstream, size);
  streams.flow();
  await wait(WARM_MS);
  const slices: Figures[] = [];
  while (slices.length < rounds) {
    slices.push(await sampled(contender, sliceMs, () => streams.frames));
  }
  await streams.still();
  const after = await contender.memory();
  const over = (metric: string) => median(slices.map((slice) => slice[metric] ?? Number.NaN));
  return {
    perSecond: over('perSecond'),
    mainUs: over('mainUs'),
    allUs: over('allUs'),
    ...(size >= WEIGHED_MIN && { streamBytes: (after.used - before.used) / size }),
    residentBytes: after.resident,
  };
}

/** Streams that never end. One frame per stream is in transit, or none while paused. */
class OpenStreams implements Disposable {
  /** Frames that have reached the client. */
  frames = 0;
  readonly #upstream: Upstream;
  readonly #size: number;
  readonly #loads: Load[] = [];
  #flows = false;
  #waiting = 0;

  private constructor(upstream: Upstream, size: number) {
    this.#upstream = upstream;
    this.#size = size;
  }

  static async start(target: Target, upstream: Upstream, size: number): Promise<OpenStreams> {
    const streams = new OpenStreams(upstream, size);
    await upstream.whileFramesAre(Number.POSITIVE_INFINITY, async () => {
      for (let open = 0; open < size; open += OPENED_AT_ONCE) {
        await streams.#open(target, Math.min(OPENED_AT_ONCE, size - open));
      }
    });
    return streams;
  }

  /** Each opened stream releases one frame, on itself or on another stream. */
  async #open(target: Target, count: number): Promise<void> {
    const load = new Load(target, count, 'streams');
    this.#loads.push(load);
    const wanted = this.frames + count;
    const failed = load.run((ask) => ask((frames) => this.#arrived(frames)));
    await Promise.race([failed, until(() => this.frames >= wanted)]);
  }

  #arrived(count: number): void {
    this.frames += count;
    if (this.#flows) this.#upstream.framesArrived(count);
    else this.#waiting += count;
  }

  flow(): void {
    this.#flows = true;
    this.#upstream.framesArrived(this.#waiting);
    this.#waiting = 0;
  }

  async still(): Promise<void> {
    this.#flows = false;
    await until(() => this.#waiting >= this.#size);
  }

  [Symbol.dispose](): void {
    for (const load of this.#loads) load.close();
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(10);
}
