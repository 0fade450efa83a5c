import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { TokenCounter } from '../../../src/openai/counting/token-counter.ts';
import { START_MS, settableClock } from '../../../src/testing/ledger-conformance/case.ts';
import { usualTexts } from './texts.ts';
import { countHere } from './tokenizers.ts';

const STAND_IN = new URL('./stand-in-worker.mjs', import.meta.url);
const CHILD = fileURLToPath(new URL('./counting-child.ts', import.meta.url));

const opened: TokenCounter[] = [];
afterEach(() => Promise.all(opened.splice(0).map((counter) => counter.close())));

function watched(counter: TokenCounter): TokenCounter {
  opened.push(counter);
  return counter;
}

/** A counter whose worker does as it is told, and all workers that it started. */
function standIn(settings: { idleMs?: number; lateMs?: number } = {}) {
  const clock = settableClock(START_MS);
  const workers: Worker[] = [];
  const errors: Error[] = [];
  const counter = new TokenCounter(clock, (error) => void errors.push(error), {
    ...settings,
    startWorker() {
      const worker = new Worker(STAND_IN);
      workers.push(worker);
      return worker;
    },
  });
  const ask = (body: object) =>
    counter.count({ json: JSON.stringify(body), encodings: ['o200k_base'] });
  return { counter: watched(counter), workers, ask, clock, errors };
}

const throwIt = (error: Error) => {
  throw error;
};
const answer = (tokens: number) => ({ does: 'answer', answer: tokens });

describe('The counting worker', () => {
  it('returns what the tokenizers say, for each encoding and for the larger of both', async () => {
    const counter = watched(new TokenCounter(systemClock, throwIt));
    const json = JSON.stringify({ input: usualTexts['German']?.(5_000) });
    for (const encodings of [
      ['o200k_base'],
      ['cl100k_base'],
      ['o200k_base', 'cl100k_base'],
    ] as const) {
      expect(await counter.count({ json, encodings })).toBe(await countHere({ json, encodings }));
    }
  });

  it('does not count a body that is not JSON', async () => {
    const counter = watched(new TokenCounter(systemClock, throwIt));
    const job = { json: '{', encodings: ['o200k_base'] as const };
    expect(await counter.count(job)).toBeUndefined();
  });

  it('is not started before the first count, and serves many', async () => {
    const { workers, ask } = standIn();
    expect(workers).toHaveLength(0);
    expect(await ask(answer(7))).toBe(7);
    expect(await ask(answer(8))).toBe(8);
    expect(workers).toHaveLength(1);
  });

  it.each(['die', 'throw'])(
    'that ends by “%s” makes the count fail, and the next count starts another',
    async (does) => {
      const { workers, ask } = standIn();
      await ask(answer(7));
      expect(await ask({ does })).toBeUndefined();
      expect(await ask(answer(8))).toBe(8);
      expect(workers).toHaveLength(2);
    },
  );

  it('that is killed during a count makes it fail, and those that wait are counted', async () => {
    const { workers, ask } = standIn();
    await ask(answer(7));
    const hanging = ask({ does: 'hang' });
    const waiting = ask(answer(9));
    await workers[0]?.terminate();
    expect(await hanging).toBeUndefined();
    expect(await waiting).toBe(9);
  });

  it('that is late is ended, and the count fails', async () => {
    const { workers, ask } = standIn({ lateMs: 200 });
    expect(await ask({ does: 'hang' })).toBeUndefined();
    await expect.poll(() => workers[0]?.threadId).toBe(-1);
  });

  it('ends when it is idle, and starts again', async () => {
    const { workers, ask } = standIn({ idleMs: 1 });
    expect(await ask(answer(7))).toBe(7);
    await expect.poll(() => workers[0]?.threadId).toBe(-1);
    expect(await ask(answer(8))).toBe(8);
    expect(workers).toHaveLength(2);
  });

  it('that cannot count says so', async () => {
    const { ask } = standIn();
    expect(await ask({ does: 'fail' })).toBeUndefined();
  });

  it('that never answered is reported, and not started again for a minute', async () => {
    const { workers, ask, clock, errors } = standIn();
    expect(await ask({ does: 'die' })).toBeUndefined();
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('bounded by its bytes'),
    ]);
    expect(await ask(answer(7))).toBeUndefined();
    expect(workers).toHaveLength(1);
    clock.set(START_MS + 60_000);
    expect(await ask(answer(7))).toBe(7);
  });

  it('is not needed: where there are no threads, nothing is counted, and that is reported once', async () => {
    const errors: Error[] = [];
    const counter = watched(
      new TokenCounter(systemClock, (error) => void errors.push(error), {
        startWorker() {
          throw new Error('There are no threads here.');
        },
      }),
    );
    const job = { json: '{}', encodings: ['o200k_base'] as const };
    expect(await counter.count(job)).toBeUndefined();
    expect(await counter.count(job)).toBeUndefined();
    expect(errors).toHaveLength(1);
  });

  it('ends with the counter, and so does every count', async () => {
    const { counter, workers, ask } = standIn();
    await ask(answer(7));
    const running = ask({ does: 'hang' });
    const waiting = ask(answer(9));
    await counter.close();
    expect(await Promise.all([running, waiting, ask(answer(9))])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(workers).toHaveLength(1);
    expect(workers[0]?.threadId).toBe(-1);
  });

  it('does not keep the process alive between counts, and a count in progress does', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD], { env: {} });
    expect(stdout).toBe(`${await countHere({ json: '{"a":1}', encodings: ['o200k_base'] })}`);
  });
});
