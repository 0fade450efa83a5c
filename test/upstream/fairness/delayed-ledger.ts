import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { Records } from '../../../src/ledger/records.ts';
import type { Choices } from '../../soak/random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { uniform } from './distributions.ts';

/** How far a store is. */
export interface Distance {
  readonly time: VirtualTime;
  readonly random: Choices;
  readonly roundTripMs: readonly [least: number, most: number];
}

/** A ledger in another process: each verb takes half a round trip each way. */
export function delayedLedger(ledger: Ledger, distance: Distance): Ledger {
  const go = delay(distance);
  return {
    records: delayedRecords(ledger.records, distance),
    reserve: (...verb) => go(() => ledger.reserve(...verb)),
    settle: (...verb) => go(() => ledger.settle(...verb)),
    release: (...verb) => go(() => ledger.release(...verb)),
    renew: (...verb) => go(() => ledger.renew(...verb)),
    read: (...verb) => go(() => ledger.read(...verb)),
    credit: (...verb) => go(() => ledger.credit(...verb)),
    close: () => ledger.close(),
  };
}

function delayedRecords(records: Records, distance: Distance): Records {
  const go = delay(distance);
  const { time } = distance;
  return {
    get: (...verb) => go(() => records.get(...verb)),
    put: (...verb) => go(() => records.put(...verb)),
    delete: (...verb) => go(() => records.delete(...verb)),
    list: (...verb) => go(() => records.list(...verb)),
    watch: (listener) =>
      records.watch(
        (...change) => void time.schedule(halfWayMs(distance), () => listener(...change)),
      ),
  };
}

const delay =
  (distance: Distance) =>
  async <Value>(verb: () => Promise<Value>): Promise<Value> => {
    await distance.time.pass(halfWayMs(distance));
    const value = await verb();
    await distance.time.pass(halfWayMs(distance));
    return value;
  };

const halfWayMs = ({ random, roundTripMs: [least, most] }: Distance): number =>
  uniform(random, least, most) / 2;
