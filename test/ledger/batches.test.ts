import { describe, expect, it } from 'vitest';
import { Batches, type BatchesOptions } from '../../src/ledger/batches.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Batches that answer each number with its double, and the batches that were run. */
function doubling(options: Partial<BatchesOptions<number, number>> = {}) {
  const runs: (readonly number[])[] = [];
  const batches = new Batches<number, number>({
    run: (verbs) => {
      runs.push(verbs);
      return verbs.map((verb) => 2 * verb);
    },
    sizeMax: 3,
    hadNoEffect: () => false,
    ...options,
  });
  return { batches, runs };
}

/** Batches that end on demand. */
function waiting(options: Partial<BatchesOptions<number, number>> = {}) {
  const runs: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const run = (verbs: readonly number[]) => {
    runs.push(verbs);
    return new Promise<readonly number[]>((resolve) => ends.push(() => resolve(verbs)));
  };
  return { ...doubling({ run, ...options }), runs, ends };
}

describe('Batches', () => {
  it('A batch runs the verbs of one event-loop turn together, in order, and answers each of them', async () => {
    const { batches, runs } = doubling();
    const answers = Promise.all([1, 2].map((verb) => batches.add(verb)));
    expect(runs).toEqual([]);
    expect(await answers).toEqual([2, 4]);
    await batches.add(3);
    expect(runs).toEqual([[1, 2], [3]]);
  });

  it('A batch holds at most `sizeMax` verbs, and a full one does not wait for the end of the turn', async () => {
    const { batches, runs } = doubling();
    const answers = Promise.all([1, 2, 3, 4, 5, 6, 7].map((verb) => batches.add(verb)));
    expect(runs).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(await answers).toEqual([2, 4, 6, 8, 10, 12, 14]);
    expect(runs[2]).toEqual([7]);
  });

  it('Batches run concurrently without a bound by default', async () => {
    const { batches, runs, ends } = waiting();
    const answers = Promise.all([1, 2, 3, 4, 5].map((verb) => batches.add(verb)));
    await turn();
    expect(runs.length).toBe(2);
    for (const end of ends.reverse()) end();
    expect(await answers).toEqual([1, 2, 3, 4, 5]);
  });

  it('A batch does not become smaller when another one ends in the same turn', async () => {
    const { batches, runs, ends } = waiting();
    const first = batches.add(1);
    await turn();
    const second = batches.add(2);
    ends[0]?.();
    await first;
    const third = batches.add(3);
    await turn();
    expect(runs).toEqual([[1], [2, 3]]);
    ends[1]?.();
    expect(await Promise.all([second, third])).toEqual([2, 3]);
  });

  it('A batch waits while `underWayMax` others run, and verbs added meanwhile form the next one', async () => {
    const { batches, runs, ends } = waiting({ underWayMax: 1 });
    const first = batches.add(1);
    await turn();
    const second = batches.add(2);
    await turn();
    const third = batches.add(3);
    await turn();
    expect(runs).toEqual([[1]]);
    ends[0]?.();
    expect(await first).toBe(1);
    expect(runs).toEqual([[1], [2, 3]]);
    ends[1]?.();
    expect(await Promise.all([second, third])).toEqual([2, 3]);
  });

  it('A batch does not wait for one that is slower than `slowMs`', async () => {
    const { batches, runs, ends } = waiting({ underWayMax: 1, slowMs: 5 });
    const slow = batches.add(1);
    await turn();
    const next = batches.add(2);
    await expect.poll(() => runs).toEqual([[1], [2]]);
    ends[1]?.();
    expect(await next).toBe(2);
    // The slow batch does not count a second time when it ends: one batch may run, not two.
    ends[0]?.();
    await slow;
    const third = batches.add(3);
    const fourth = batches.add(4);
    await turn();
    const fifth = batches.add(5);
    await turn();
    expect(runs.slice(2)).toEqual([[3, 4]]);
    ends[2]?.();
    await Promise.all([third, fourth]);
    ends[3]?.();
    await fifth;
  });

  it('A batch that failed without an effect runs each verb alone, so that a bad verb fails alone', async () => {
    const runs: (readonly number[])[] = [];
    const run = async (verbs: readonly number[]) => {
      runs.push(verbs);
      if (verbs.includes(2)) throw new TypeError('poison');
      return verbs;
    };
    const { batches } = doubling({ run, hadNoEffect: (error) => error instanceof TypeError });
    const answers = await Promise.allSettled([1, 2, 3].map((verb) => batches.add(verb)));
    expect(runs).toEqual([[1, 2, 3], [1], [2], [3]]);
    expect(answers).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: new TypeError('poison') },
      { status: 'fulfilled', value: 3 },
    ]);
  });

  it('A batch that may have had an effect fails as a whole and is not run again', async () => {
    const runs: (readonly number[])[] = [];
    const run = (verbs: readonly number[]): readonly number[] => {
      runs.push(verbs);
      throw new Error('lost');
    };
    const { batches } = doubling({ run, hadNoEffect: (error) => error instanceof TypeError });
    const answers = await Promise.allSettled([1, 2].map((verb) => batches.add(verb)));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs).toEqual([[1, 2]]);
  });

  it('A batch counts as running until all its verbs have run alone', async () => {
    const { batches, runs, ends } = waiting({
      underWayMax: 1,
      run: (verbs) => {
        runs.push(verbs);
        if (verbs.length > 1) throw new TypeError('poison');
        return new Promise((resolve) => ends.push(() => resolve(verbs)));
      },
      hadNoEffect: () => true,
    });
    const both = Promise.all([batches.add(1), batches.add(2)]);
    await turn();
    const next = batches.add(3);
    await turn();
    expect(runs).toEqual([[1, 2], [1], [2]]);
    for (const end of ends) end();
    await both;
    await expect.poll(() => runs.at(-1)).toEqual([3]);
    ends.at(-1)?.();
    expect(await next).toBe(3);
  });

  it('The method `flush` sends waiting verbs within the same turn', async () => {
    const { batches, runs } = doubling();
    const answer = batches.add(1);
    batches.flush();
    expect(runs).toEqual([[1]]);
    expect(await answer).toBe(2);
    await turn();
    expect(runs).toEqual([[1]]);
  });
});
