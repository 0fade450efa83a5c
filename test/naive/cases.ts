import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Candidate, ROOM } from './candidate.ts';

interface Case {
  readonly title: string;
  readonly run: (candidate: Candidate) => Promise<void>;
}

const CALLS = 4 * ROOM;
/** Far above the deadline of a decision, but short compared with hanging for ever. */
const HANGS_AFTER_MS = 3_000;

const calls = (candidate: Candidate, count: number) =>
  Promise.all(Array.from({ length: count }, () => candidate.call('ada')));

async function callInTurn(candidate: Candidate, count: number): Promise<void> {
  for (let call = 0; call < count; call += 1) await candidate.call('ada');
}

/** What every guard must get right. Each case throws if it does not hold. */
export const cases = {
  race: {
    title: 'A race of 40 calls lets 10 through',
    async run(candidate) {
      await calls(candidate, CALLS);
      expect(candidate.served()).toBe(ROOM);
    },
  },

  lostReply: {
    title: 'A write with a lost reply counts once',
    async run(candidate) {
      await candidate.call('ada');
      const { faults, heard } = candidate.store;
      heard.length = 0;
      faults.set('put', 'reset').set('settle', 'reset');
      await candidate.call('ada').catch(() => {});
      await expect.poll(() => heard.some(({ verb }) => faults.has(verb))).toBe(true);
      faults.clear();
      await callInTurn(candidate, CALLS);
      expect(candidate.served()).toBe(ROOM);
    },
  },

  hang: {
    title: 'A store that hangs causes prompt 503s',
    async run(candidate) {
      await candidate.call('ada');
      // The start of a process, in which a store may be slow, is over after 100 writes.
      await Promise.all(Array.from({ length: 100 }, (_, user) => candidate.call(`user-${user}`)));
      const before = candidate.served();
      candidate.store.fault = 'silent';
      const late = pause(HANGS_AFTER_MS, ['hung'], { ref: false });
      const statuses = await Promise.race([calls(candidate, CALLS), late]);
      expect(statuses).toEqual(Array.from({ length: CALLS }, () => 503));
      expect(candidate.served()).toBe(before);
    },
  },

  down: {
    title: 'A store that is down admits no call',
    async run(candidate) {
      await candidate.call('ada');
      const before = candidate.served();
      candidate.store.fault = 'refused';
      const statuses = await calls(candidate, CALLS);
      expect(statuses).toEqual(Array.from({ length: CALLS }, () => 503));
      expect(candidate.served()).toBe(before);
    },
  },
} as const satisfies Readonly<Record<string, Case>>;
