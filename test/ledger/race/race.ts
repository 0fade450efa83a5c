import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Ledger } from '../../../src/ledger/ledger.ts';

/** What the module of a race exports; its arguments are texts. */
export type OpenLedger = (...args: string[]) => Promise<Ledger>;

export type RaceJob =
  /** `calls` at once, each one token of a user of its own and one of the `room` that all share. */
  | { readonly kind: 'reserve'; readonly calls: number; readonly room: number }
  /** Writes each key if nobody did before. */
  | { readonly kind: 'create'; readonly keys: readonly string[] };

const WORKER = fileURLToPath(new URL('./race-worker.ts', import.meta.url));
const WORKERS = 4;

/**
 * Starts four processes that open the ledger by `module`, which exports `openLedger`; when all are
 * ready they do the job at once. Answers what each of them won.
 */
export async function race(module: URL, args: readonly string[], job: RaceJob): Promise<number[]> {
  const racers = Array.from({ length: WORKERS }, () => start(module, args));
  try {
    await Promise.all(racers.map(next));
    const answers = racers.map(next);
    for (const racer of racers) racer.send(job);
    return (await Promise.all(answers)).map(Number);
  } finally {
    await Promise.all(racers.map(stop));
  }
}

const start = (module: URL, args: readonly string[]): ChildProcess =>
  fork(WORKER, [module.href, ...args], { execArgv: [] });

/** The next message; a process that ends before has failed, and said why on stderr. */
async function next(racer: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  try {
    return await Promise.race([
      once(racer, 'message', { signal }).then(([message]) => message),
      once(racer, 'exit', { signal }).then(([code]) => {
        throw new Error(`a racer ended with ${code}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}

async function stop(racer: ChildProcess): Promise<void> {
  if (racer.exitCode !== null || racer.signalCode !== null) return;
  const gone = once(racer, 'exit');
  racer.disconnect();
  await gone;
}
