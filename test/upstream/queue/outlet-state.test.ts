import { describe, expect, it } from 'vitest';
import { OutletState } from '../../../src/upstream/queue/outlet-state.ts';
import { choices } from '../../soak/random.ts';
import { FixedOutlet } from '../fixed-outlet.ts';

const NOW_MS = 1_000_000;
const FITS_AT_MS = NOW_MS + 500;
const SEED = 7;

/** 500 requests a minute: 120 ms for each. */
const outlet = () => new FixedOutlet('main', { rpm: 500, tpm: 200_000 });

interface Process {
  readonly waitingWeight: number;
  readonly roundTripMs?: number;
}

/** When a process asks again after a denial. */
function asksAtMs({ waitingWeight, roundTripMs = 0 }: Process, random: () => number): number {
  const state = new OutletState(outlet());
  state.denied(FITS_AT_MS, NOW_MS, random);
  return state.asksAtMs({ waitingWeight, roundTripMs });
}

const meanPauseMs = (process: Process): number => {
  const { next } = choices(SEED);
  const pauses = Array.from({ length: 20_000 }, () => asksAtMs(process, next) - FITS_AT_MS);
  return pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
};

/** In what part of the races the first process asks before the second one. */
function winsOf(first: Process, second: Process): number {
  const { next } = choices(SEED);
  const races = Array.from(
    { length: 20_000 },
    () => asksAtMs(first, next) < asksAtMs(second, next),
  );
  return races.filter(Boolean).length / races.length;
}

describe(`The pause after a denial (seed ${SEED})`, () => {
  it('begins when the ledger has room, and is a quarter of a gap in the mean', () => {
    expect(asksAtMs({ waitingWeight: 1 }, () => 0)).toBe(FITS_AT_MS);
    expect(meanPauseMs({ waitingWeight: 1 })).toBeCloseTo(30, -1);
  });

  it('is not shorter than the round trip of the store, in the mean', () => {
    expect(meanPauseMs({ waitingWeight: 1, roundTripMs: 50 })).toBeCloseTo(50, -1);
  });

  it('is never longer than eight gaps', () => {
    expect(asksAtMs({ waitingWeight: 0.01 }, () => 0.99) - FITS_AT_MS).toBe(8 * 120);
  });

  it('a process wins in proportion to the calls that a win takes and the weight that waits', () => {
    // A win takes one call below a weight of 1, and one for each unit of weight above.
    expect(winsOf({ waitingWeight: 0.75 }, { waitingWeight: 0.25 })).toBeCloseTo(0.75, 1);
    expect(winsOf({ waitingWeight: 6 }, { waitingWeight: 2 })).toBeCloseTo(0.5, 1);
    // A round takes at most eight calls here.
    expect(winsOf({ waitingWeight: 24 }, { waitingWeight: 8 })).toBeCloseTo(0.75, 1);
  });

  it('becomes shorter when more weight waits', () => {
    const state = new OutletState(outlet());
    state.denied(FITS_AT_MS, NOW_MS, () => 0.5);
    const alone = state.asksAtMs({ waitingWeight: 0.25, roundTripMs: 0 }) - FITS_AT_MS;
    const together = state.asksAtMs({ waitingWeight: 0.5, roundTripMs: 0 }) - FITS_AT_MS;
    expect(together).toBeCloseTo(alone / 2);
  });

  it('a clock that is ahead of the ledger does not make a queue ask at once', () => {
    const state = new OutletState(outlet());
    state.denied(NOW_MS - 5_000, NOW_MS, () => 0);
    expect(state.asksAtMs({ waitingWeight: 1, roundTripMs: 0 })).toBe(NOW_MS + 1);
  });
});
