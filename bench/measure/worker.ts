import { type CpuTime, ownCpu } from './cpu.ts';
import { ownMemory } from './memory.ts';
import { answerParent } from './parent.ts';
import type { Figures } from './results.ts';
import { quantile } from './statistics.ts';

/** The job that a worker repeats. */
export interface Job {
  /** Makes one call, the `index`th of this worker. */
  readonly call: (index: number) => Promise<unknown>;
  /** Calls between two readings of the clock; more than 1 for calls that cost no more than a reading. */
  readonly callsPerLook?: number;
}

/** An order to a worker. */
export type Order =
  | { readonly does: 'calls'; readonly inFlight: number; readonly calls: number }
  | { readonly does: 'slice'; readonly inFlight: number; readonly ms: number }
  | { readonly does: 'memory' };

/** The result of a worker in a slice of time. */
export interface Slice {
  /** All calls, including those of the uncounted first period, which `figures` leaves out. */
  readonly allCalls: number;
  readonly figures: Figures;
}

const UNCOUNTED_PART = 0.15;

/** In a process that `startWorker` forked: repeats the job on order, until the parent exits. */
export function work(job: Job): void {
  const lanes = new Lanes(job);
  answerParent<Order>({}, (order): Promise<object> => {
    if (order.does === 'memory') return ownMemory();
    if (order.does === 'slice') return measure(lanes, order.inFlight, order.ms);
    return lanes.run(order.inFlight, (calls) => calls < order.calls);
  });
}

async function measure(lanes: Lanes, inFlight: number, ms: number): Promise<Slice> {
  const uncounted = await lanes.run(inFlight, until(ms * UNCOUNTED_PART));
  const before = ownCpu();
  const startMs = performance.now();
  const { calls, tookMs } = await lanes.run(inFlight, until(ms));
  const seconds = (performance.now() - startMs) / 1_000;
  const times = { p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
  const cpu = perCall(before, ownCpu(), calls);
  const figures = { perSecond: calls / seconds, ...cpu, ...times };
  return { allCalls: uncounted.calls + calls, figures };
}

const until = (ms: number): (() => boolean) => {
  const endMs = performance.now() + ms;
  return () => performance.now() < endMs;
};

/** Returns the CPU time per call between two readings. */
export function perCall(before: CpuTime, after: CpuTime, calls: number): CpuTime {
  return {
    mainUs: (after.mainUs - before.mainUs) / calls,
    allUs: (after.allUs - before.allUs) / calls,
  };
}

/** Repeats a job with several calls at once. */
class Lanes {
  readonly #job: Job;
  #index = 0;

  constructor(job: Job) {
    this.#job = job;
  }

  /** Returns how many calls ended, and how long each took. */
  async run(
    inFlight: number,
    goesOn: (calls: number) => boolean,
  ): Promise<{ calls: number; tookMs: readonly number[] }> {
    const { call, callsPerLook = 1 } = this.#job;
    const first = this.#index;
    const tookMs: number[] = [];
    const lane = async () => {
      while (goesOn(this.#index - first)) {
        const startMs = performance.now();
        for (let left = callsPerLook; left > 0; left -= 1) await call(this.#index++);
        tookMs.push((performance.now() - startMs) / callsPerLook);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return { calls: this.#index - first, tookMs };
  }
}
