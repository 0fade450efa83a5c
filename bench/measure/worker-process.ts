import { startChild } from './child.ts';
import type { Place } from './cores.ts';
import type { Memory } from './memory.ts';
import type { Order, Slice } from './worker.ts';

/** A process that repeats one job on order; see `work`. */
export interface Worker extends AsyncDisposable {
  /** Makes at least this many calls. */
  calls(count: number, inFlight: number): Promise<void>;
  /** Measures for `ms`, after a short period that is not counted. */
  slice(ms: number, inFlight: number): Promise<Slice>;
  memory(): Promise<Memory>;
}

export async function startWorker(script: URL, argument: object, at: Place): Promise<Worker> {
  const child = await startChild(script, argument, { at, nodeArguments: ['--expose-gc'] });
  const ask = <Answer>(order: Order) => child.ask(order) as Promise<Answer>;
  return {
    calls: async (calls, inFlight) => void (await ask({ does: 'calls', inFlight, calls })),
    slice: (ms, inFlight) => ask<Slice>({ does: 'slice', inFlight, ms }),
    memory: () => ask<Memory>({ does: 'memory' }),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
