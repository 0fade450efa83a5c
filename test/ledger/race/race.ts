import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { type RaceJob, winsOf } from './race-jobs.ts';

/** What the module of a race exports. Its arguments are strings. */
export type OpenLedger = (...args: string[]) => Promise<Ledger>;

const WORKER = fileURLToPath(new URL('./race-worker.ts', import.meta.url));
const RACERS = 4;

/** Does a job four times at the same time. Returns what each won. */
export type Race = (job: RaceJob) => Promise<number[]>;

/** A race in this process, on one ledger. */
export const raceWithin =
  (ledger: Ledger): Race =>
  (job) =>
    Promise.all(Array.from({ length: RACERS }, () => winsOf(ledger, job)));

/**
 * Starts four processes that open the ledger with `openLedger` of `module`. When all are ready,
 * they do the job at the same time. Returns what each of them won.
 */
export async function race(module: URL, args: readonly string[], job: RaceJob): Promise<number[]> {
  const racers = Array.from({ length: RACERS }, () => start(module, args));
  try {
    await Promise.all(racers.map(nextMessage));
    const answers = racers.map(nextMessage);
    for (const racer of racers) racer.send(job);
    return (await Promise.all(answers)).map(Number);
  } finally {
    await Promise.all(racers.map(stop));
  }
}

const start = (module: URL, args: readonly string[]): ChildProcess =>
  fork(WORKER, [module.href, ...args], { execArgv: [] });

/** Returns the next message. Throws if the process ends before it; its stderr has the reason. */
export async function nextMessage(racer: ChildProcess): Promise<unknown> {
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
