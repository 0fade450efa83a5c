import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Message, OncePerWindow } from '../../src/pipeline/once-per-window.ts';
import { everyStore } from '../faults/killed/every-store.ts';
import { startStores } from '../faults/killed/stores.ts';

const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());

const PROCESSES = 4;
const ROUNDS = 20;
const HOUR_MS = 3_600_000;

function message(key: string, deliver: () => Promise<boolean>): Message {
  return { key, untilMs: Date.now() + HOUR_MS, deliver };
}

/** Counts how often it is called. */
function counted(outcome: Promise<boolean> = Promise.resolve(true)) {
  let count = 0;
  const deliver = () => {
    count += 1;
    return outcome;
  };
  return { deliver, delivered: () => count };
}

describe.each(everyStore(stores))('A message of several processes, on $store', ({ open }) => {
  async function start(takenMs = 60_000) {
    const { ledger, close } = await open();
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const make = () =>
      new OncePerWindow({ records: ledger.records, clock: systemClock, onError, takenMs });
    return {
      errors,
      processes: Array.from({ length: PROCESSES }, make),
      async [Symbol.asyncDispose]() {
        await close();
      },
    };
  }

  it('is delivered once, however often and by whom it is sent, 20 of 20 times', async () => {
    await using scene = await start();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { delivered, deliver } = counted();
      for (let repeat = 0; repeat < 3; repeat += 1) {
        for (const each of scene.processes) each.send(message(`round ${round}`, deliver));
        await Promise.all(scene.processes.map((each) => each.idle()));
      }
      expect(delivered()).toBe(1);
    }
    expect(scene.errors).toEqual([]);
  });

  it('is delivered by another process if the first one dies before it was delivered', async () => {
    await using scene = await start(200);
    const [dying, other] = scene.processes;
    const hanging = counted(new Promise(() => {}));
    const { delivered, deliver } = counted();
    dying?.send(message('died', hanging.deliver));
    await expect.poll(hanging.delivered).toBe(1);
    const sendAgain = async () => {
      other?.send(message('died', deliver));
      await other?.idle();
      return delivered();
    };
    await expect.poll(sendAgain).toBe(1);
    expect(await sendAgain()).toBe(1);
  });
});
