import { describe, expect, it } from 'vitest';
import { OutletState } from '../../../src/upstream/queue/outlet-state.ts';
import { Places } from '../../../src/upstream/queue/places.ts';
import { Race } from '../../../src/upstream/queue/race.ts';
import { Waiter } from '../../../src/upstream/queue/waiter.ts';
import { WaitingCalls } from '../../../src/upstream/queue/waiting-calls.ts';
import { choices } from '../../soak/random.ts';
import { FixedOutlet } from '../fixed-outlet.ts';
import { callOf } from './queue-fixture.ts';

const NOW_MS = 1_000_000;
const FITS_AT_MS = NOW_MS + 500;
const SEED = 7;
const RACES = 20_000;

/** What waits in one process: a call of each of these weights. */
interface Process {
  readonly weights: readonly number[];
  readonly roundTripMs?: number;
}

const withUsers = (count: number): Process => ({ weights: Array<number>(count).fill(1) });

/** Returns what asks for one process when the ledger denied it: 500 requests a minute, 120 ms for each. */
function processWith({ weights, roundTripMs = 0 }: Process) {
  const places = new Places(100);
  const waiting = new WaitingCalls<FixedOutlet>({ total: 100, perUser: 100 }, places);
  const history = { deadlineMs: NOW_MS, waitedMs: 0, charged: 0 };
  const add = (weight: number, user: number) => {
    const call = callOf(`user-${user}`, 100, weight);
    waiting.add(new Waiter<FixedOutlet>(call, history, NOW_MS, () => {}));
  };
  weights.forEach(add);
  const race = new Race(waiting, places);
  for (let reserve = 0; reserve < 100; reserve += 1) race.measured(roundTripMs);
  const state = new OutletState(new FixedOutlet('main', { rpm: 500, tpm: 200_000 }));
  /** How long it pauses after a denial. */
  const pauseMs = (random: () => number): number => {
    state.denied(FITS_AT_MS, NOW_MS, random);
    return race.asksAtMs(state, FITS_AT_MS) - FITS_AT_MS;
  };
  return { add, race, state, pauseMs };
}

function meanPauseMs(process: Process): number {
  const { next } = choices(SEED);
  const { pauseMs } = processWith(process);
  const pauses = Array.from({ length: RACES }, () => pauseMs(next));
  return pauses.reduce((sum, pause) => sum + pause, 0) / RACES;
}

/** In what part of the races the first process asks before the second one. */
function winsOf(first: Process, second: Process): number {
  const { next } = choices(SEED);
  const [one, other] = [processWith(first), processWith(second)];
  const wins = Array.from({ length: RACES }, () => one.pauseMs(next) < other.pauseMs(next));
  return wins.filter(Boolean).length / RACES;
}

describe(`The pause after a denial (seed ${SEED})`, () => {
  it('begins when the ledger has room, and is a quarter of a gap in the mean', () => {
    expect(processWith(withUsers(1)).pauseMs(() => 0)).toBe(0);
    expect(meanPauseMs(withUsers(1))).toBeCloseTo(30, -1);
  });

  it('is not shorter than the round trip of the store, in the mean', () => {
    expect(meanPauseMs({ ...withUsers(1), roundTripMs: 50 })).toBeCloseTo(50, -1);
  });

  it('is not longer than eight gaps in the mean', () => {
    expect(meanPauseMs({ weights: [0.01] })).toBeCloseTo(8 * 120, -2);
  });

  it('a process with more weight wins more often', () => {
    expect(winsOf({ weights: [0.75] }, { weights: [0.25] })).toBeCloseTo(0.75, 1);
  });

  it('a process whose wins take more calls wins as often as one with fewer users', () => {
    expect(winsOf(withUsers(6), withUsers(2))).toBeCloseTo(0.5, 1);
  });

  it('a process with more users than a win can take wins more often', () => {
    // One second of the limit: eight calls.
    expect(winsOf(withUsers(24), withUsers(8))).toBeCloseTo(0.75, 1);
  });

  it('depends on what waits when it begins, not on what waited when the ledger denied', () => {
    const { add, race, state } = processWith({ weights: [0.25] });
    state.denied(FITS_AT_MS, NOW_MS, () => 0.5);
    expect(race.asksAtMs(state, NOW_MS)).toBe(FITS_AT_MS);
    const aloneMs = race.asksAtMs(state, FITS_AT_MS) - FITS_AT_MS;
    add(1.75, 1);
    const togetherMs = race.asksAtMs(state, FITS_AT_MS) - FITS_AT_MS;
    // Two calls for a weight of 2, instead of one call for a weight of a quarter.
    expect(togetherMs).toBeCloseTo(aloneMs / 4);
  });

  it('does not let a queue ask at once when its clock is ahead of the ledger’s', () => {
    const { race, state } = processWith(withUsers(1));
    state.denied(NOW_MS - 5_000, NOW_MS, () => 0);
    expect(race.asksAtMs(state, NOW_MS)).toBe(NOW_MS + 1);
  });
});
