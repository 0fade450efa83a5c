import { describe, expect, it } from 'vitest';
import type { Granted, NotGranted } from '../../../src/ledger/ledger.ts';
import { Places } from '../../../src/upstream/queue/places.ts';
import { FixedOutlet } from '../fixed-outlet.ts';
import { VirtualTime } from '../virtual-time.ts';
import {
  callOf,
  DEADLINE_MS,
  follow,
  leaveIn,
  type QueueFixture,
  queueWith,
  waitIn,
} from './queue-fixture.ts';

const GRANTED: Granted = { granted: true, balances: [] };

const deniedUntil = (fitsAtMs: number | undefined): NotGranted => ({
  granted: false,
  violations: [{ claim: 0, cost: 1, hard: true, fitsAtMs }],
  balances: [],
});

/** One request a second, and tokens that do not bind. */
const slowOutlet = (id = 'main') => new FixedOutlet(id, { rpm: 60, tpm: 1_000_000 });

/** A queue whose limit is used up: the next call fits a second later. */
async function exhausted(settings: Parameters<typeof queueWith>[0] = {}): Promise<QueueFixture> {
  const fixture = queueWith({ outlets: [slowOutlet()], ...settings });
  const first = waitIn(fixture.queue, callOf('first'));
  for (let call = 0; call < 60; call += 1) waitIn(fixture.queue, callOf('filler', 1));
  await fixture.time.advance(0);
  expect(first.turn).toBeTruthy();
  for (let left = fixture.queue.status().waiting; left > 1; left -= 1) {
    await fixture.time.advance(1_100);
  }
  return fixture;
}

describe('A call that does not wait', () => {
  it('leaves at once while a place is free, an outlet is open and no call waits', () => {
    const { queue, places, outlets } = queueWith({ placesMax: 1 });
    const leaving = queue.tryLeave(callOf('a'));
    expect(leaving?.outlet).toBe(outlets[0]);
    expect(places.free).toBe(0);
    expect(queue.tryLeave(callOf('b'))).toBeUndefined();
  });

  it('gives its place back once, however often it is asked to', () => {
    const { queue, places } = queueWith({ placesMax: 2 });
    const turn = leaveIn(queue, callOf('a'));
    leaveIn(queue, callOf('b'));
    const { place } = turn;
    place();
    place();
    turn.place();
    expect(places.free).toBe(1);
    expect(turn.waitedMs).toBe(0);
  });

  it('gives its place back when it is abandoned', () => {
    const { queue, places, outlets } = queueWith({ placesMax: 1 });
    queue.tryLeave(callOf('a'))?.abandoned();
    expect(places.free).toBe(1);
    expect(outlets[0]?.left).toEqual([]);
  });

  it('takes the first open outlet in the order of its user', () => {
    const outlets = [slowOutlet('first'), slowOutlet('second')];
    const { queue, time } = queueWith({ outlets });
    expect(queue.tryLeave(callOf('a'))?.outlet.id).toBe('first');
    outlets[0]?.close(time.nowMs() + 1_000);
    expect(queue.tryLeave(callOf('a'))?.outlet.id).toBe('second');
    outlets[1]?.close();
    expect(queue.tryLeave(callOf('a'))).toBeUndefined();
  });

  it('closes its outlet for this queue when the ledger denies it, until it fits', async () => {
    const outlets = [slowOutlet('first'), slowOutlet('second')];
    const { queue, time, places } = queueWith({ outlets, placesMax: 1 });
    const fitsAtMs = time.nowMs() + 1_000;
    queue.tryLeave(callOf('a'))?.denied(fitsAtMs);
    expect(places.free).toBe(1);
    const other = queue.tryLeave(callOf('a'));
    expect(other?.outlet.id).toBe('second');
    other?.denied(fitsAtMs);
    expect(queue.tryLeave(callOf('a'))).toBeUndefined();
    await time.advance(1_000);
    expect(queue.tryLeave(callOf('a'))?.outlet.id).toBe('first');
  });

  it('closes no outlet for other calls when it can never fit', () => {
    const { queue } = queueWith();
    queue.tryLeave(callOf('a'))?.denied(undefined);
    expect(queue.tryLeave(callOf('b'))).toBeDefined();
  });
});

describe('A call that waits for a place', () => {
  it('gets the next one, and has waited as long as it took', async () => {
    const { queue, time } = queueWith({ placesMax: 1 });
    const running = leaveIn(queue, callOf('a'));
    const waited = waitIn(queue, callOf('b'));
    expect(queue.isEmpty).toBe(false);
    await time.advance(1_500);
    expect(queue.status()).toEqual({ waiting: 1, oldestWaitMs: 1_500 });
    running.place();
    await time.advance(0);
    expect([waited.turn?.waitedMs, time.timers]).toEqual([1_500, 0]);
    expect(queue.status()).toEqual({ waiting: 0, oldestWaitMs: 0 });
  });

  it('has its turn in a fair order between users', async () => {
    const { queue, time } = queueWith({ placesMax: 1 });
    const running = leaveIn(queue, callOf('first'));
    const order: string[] = [];
    const waited = [
      ...Array.from({ length: 5 }, () => waitIn(queue, callOf('heavy'), order)),
      waitIn(queue, callOf('light'), order),
    ];
    running.place();
    for (let turn = 0; turn < 6; turn += 1) {
      await time.advance(1);
      for (const { turn: taken } of waited) taken?.place();
    }
    expect(order).toHaveLength(6);
    expect(order.slice(0, 3)).toContain('light');
  });

  it('a call that comes later does not overtake it, even when a place is free', async () => {
    const { queue, time, outlets } = queueWith();
    outlets[0]?.close();
    waitIn(queue, callOf('a'));
    outlets[0]?.close(0);
    expect(queue.tryLeave(callOf('b'))).toBeUndefined();
    outlets[0]?.open();
    await time.advance(0);
    expect(queue.tryLeave(callOf('b'))).toBeDefined();
  });

  it('is refused at once beyond the bounds', async () => {
    const bounds = { total: 3, perUser: 2 };
    const { queue, time } = queueWith({ placesMax: 0, bounds });
    waitIn(queue, callOf('a'));
    waitIn(queue, callOf('a'));
    expect(queue.hasRoom('a')).toBe(false);
    expect(queue.hasRoom('b')).toBe(true);
    waitIn(queue, callOf('b'));
    expect(queue.hasRoom('c')).toBe(false);
    const refused = waitIn(queue, callOf('c'));
    await time.advance(0);
    expect(refused.turn).toBeNull();
  });

  it('a user at their share of the places is passed over while another user waits', async () => {
    const { queue, time } = queueWith({ placesMax: 4 });
    const running = Array.from({ length: 4 }, () => leaveIn(queue, callOf('heavy')));
    const order: string[] = [];
    // The first call of a user costs nothing yet, so that only the share speaks for the other user.
    waitIn(queue, callOf('heavy', 1), order);
    waitIn(queue, callOf('other', 1_000), order);
    waitIn(queue, callOf('other', 1_000), order);
    for (const turn of running.slice(0, 2)) turn.place();
    await time.advance(0);
    expect(order).toEqual(['other', 'other']);
    running[2]?.place();
    await time.advance(0);
    expect(order).toEqual(['other', 'other', 'heavy']);
  });

  it('a user who was passed over is not any more when their own calls have ended', async () => {
    const { queue, time, outlets } = queueWith({ placesMax: 4 });
    const running = Array.from({ length: 4 }, () => leaveIn(queue, callOf('heavy')));
    const order: string[] = [];
    for (const user of ['heavy', 'other', 'other', 'other']) waitIn(queue, callOf(user), order);
    running[0]?.place();
    await time.advance(0);
    expect(order).toEqual(['other']);
    outlets[0]?.close();
    for (const turn of running) turn.place();
    outlets[0]?.open();
    await time.advance(0);
    expect(order).toEqual(['other', 'heavy', 'other', 'other']);
  });

  it('a user who was passed over is not any more when the others no longer need their share', async () => {
    const time = new VirtualTime();
    let grants = 1;
    const outlets = [slowOutlet()];
    const { queue } = queueWith({
      time,
      outlets,
      placesMax: 7,
      reserve: () => {
        grants -= 1;
        return grants === 0 ? GRANTED : deniedUntil(time.nowMs() + 100);
      },
    });
    for (let call = 0; call < 2; call += 1) leaveIn(queue, callOf('heavy'));
    outlets[0]?.close();
    const order: string[] = [];
    for (const user of ['heavy', 'other', 'other']) waitIn(queue, callOf(user), order);
    const weighty = waitIn(queue, callOf('weighty', 100, 6), order);
    outlets[0]?.open();
    await time.advance(0);
    expect(order).toEqual(['other']);
    weighty.waiting.stop();
    grants = 1;
    await time.advance(1_000);
    expect(order).toEqual(['other', 'heavy']);
  });

  it('no place stays free because every user who waits is at their share', async () => {
    const { queue, time } = queueWith({ placesMax: 4 });
    const running = leaveIn(queue, callOf('third'));
    for (let call = 0; call < 3; call += 1) leaveIn(queue, callOf('third'));
    const waited = ['a', 'a', 'a', 'b', 'b', 'b'].map((user) => waitIn(queue, callOf(user)));
    running.place();
    await time.advance(0);
    expect(waited.filter(({ turn }) => turn)).toHaveLength(1);
  });
});

describe('A wait ends without a turn', () => {
  it('at the deadline, and no timer is left', async () => {
    const { queue, time } = queueWith({ placesMax: 0 });
    const early = waitIn(queue, callOf('a'));
    await time.advance(DEADLINE_MS - 1);
    const late = waitIn(queue, callOf('b'));
    expect([early.turn, time.timers]).toEqual([undefined, 1]);
    await time.advance(1);
    expect([early.turn, late.turn, time.timers]).toEqual([null, undefined, 1]);
    await time.advance(DEADLINE_MS);
    expect([late.turn, time.timers]).toEqual([null, 0]);
  });

  it('when it is stopped, which has no effect once it has its turn', async () => {
    const { queue, time, places } = queueWith({ placesMax: 1 });
    const running = leaveIn(queue, callOf('a'));
    const [stopped, next] = [waitIn(queue, callOf('b')), waitIn(queue, callOf('c'))];
    stopped.waiting.stop();
    stopped.waiting.stop();
    running.place();
    await time.advance(0);
    expect(stopped.turn).toBeNull();
    next.waiting.stop();
    expect(next.turn?.outlet.id).toBe('main');
    expect([places.free, queue.isEmpty]).toEqual([0, true]);
  });

  it('at once, if no outlet has room before its deadline', async () => {
    const outlets = [slowOutlet('first'), slowOutlet('second')];
    const { queue, time } = queueWith({ outlets });
    outlets[0]?.close(time.nowMs() + DEADLINE_MS + 1);
    outlets[1]?.close(time.nowMs() + DEADLINE_MS - 1);
    const patient = waitIn(queue, callOf('a'));
    await time.advance(0);
    expect(patient.turn).toBeUndefined();
    outlets[1]?.close(time.nowMs() + DEADLINE_MS + 1);
    const hopeless = waitIn(queue, callOf('b'));
    await time.advance(0);
    expect([patient.turn, hopeless.turn]).toEqual([null, null]);
  });

  it('but not because of one outlet while another one was not needed yet', async () => {
    const outlets = [slowOutlet('first'), slowOutlet('second')];
    const { queue, time, places } = queueWith({ outlets, placesMax: 1 });
    queue.tryLeave(callOf('a'))?.denied(time.nowMs() + DEADLINE_MS + 1);
    places.hold(1);
    const waited = waitIn(queue, callOf('b'));
    places.release(1);
    await time.advance(0);
    expect(waited.turn?.outlet.id).toBe('second');
  });

  it('when the queue is closed, and later calls do not wait', async () => {
    const { queue, time } = queueWith({ placesMax: 0 });
    const before = waitIn(queue, callOf('a'));
    queue.close();
    const after = waitIn(queue, callOf('a'));
    await time.advance(0);
    expect([before.turn, after.turn, time.timers]).toEqual([null, null, 0]);
  });
});

describe('A call that waits for an outlet', () => {
  it('leaves when the first of them opens', async () => {
    const outlets = [slowOutlet('first'), slowOutlet('second')];
    const { queue, time } = queueWith({ outlets });
    outlets[0]?.close(time.nowMs() + 2_000);
    outlets[1]?.close(time.nowMs() + 1_000);
    const waited = waitIn(queue, callOf('a'));
    await time.advance(999);
    expect(waited.turn).toBeUndefined();
    await time.advance(1);
    expect(waited.turn?.outlet.id).toBe('second');
  });

  it('leaves when an event opens one', async () => {
    const { queue, time, outlets } = queueWith();
    outlets[0]?.close();
    const waited = waitIn(queue, callOf('a'));
    await time.advance(1_000);
    expect(waited.turn).toBeUndefined();
    outlets[0]?.open();
    await time.advance(0);
    expect(waited.turn?.waitedMs).toBe(1_000);
  });

  it('asks the ledger again when an event says that it has room', async () => {
    let hasRoom = false;
    const outlet = slowOutlet();
    const time = new VirtualTime();
    const { queue } = queueWith({
      time,
      outlets: [outlet],
      reserve: () => (hasRoom ? GRANTED : deniedUntil(time.nowMs() + 20_000)),
    });
    const waited = waitIn(queue, callOf('a'));
    await time.advance(1_000);
    hasRoom = true;
    outlet.open();
    await time.advance(1_000);
    expect(waited.turn?.waitedMs).toBeLessThan(2_000);
  });

  it('leaves without the ledger by an outlet that has no limit', async () => {
    const { queue, time, asked, outlets } = queueWith({ placesMax: 1 });
    const running = leaveIn(queue, callOf('a'));
    const waited = waitIn(queue, callOf('b'));
    running.place();
    await time.advance(0);
    expect(waited.turn).toBeTruthy();
    expect([asked, outlets[0]?.left]).toEqual([[], [{}, {}]]);
  });

  it('tries the other outlets when the ledger denies the first', async () => {
    const outlets = [slowOutlet('first'), slowOutlet('second')];
    const time = new VirtualTime();
    const { queue, asked } = queueWith({
      time,
      outlets,
      reserve: ([claim]) =>
        claim?.account === 'upstream:first' ? deniedUntil(time.nowMs() + 5_000) : GRANTED,
    });
    const waited = waitIn(queue, callOf('a'));
    await time.advance(0);
    expect(waited.turn?.outlet.id).toBe('second');
    expect(asked).toHaveLength(2);
  });
});

describe('The head of a queue asks the ledger', () => {
  it('again when it fits, after a pause, and not when another call comes', async () => {
    const { queue, time, asked } = await exhausted();
    const before = asked.length;
    const waited = waitIn(queue, callOf('a'));
    await time.advance(100);
    for (let call = 0; call < 5; call += 1) waitIn(queue, callOf(`later-${call}`));
    await time.advance(0);
    expect(asked.length).toBe(before);
    await time.advance(3_000);
    expect(waited.turn).toBeTruthy();
  });

  it('never twice at the same time', async () => {
    let pending = 0;
    let pendingMax = 0;
    const time = new VirtualTime();
    const { queue } = queueWith({
      time,
      outlets: [slowOutlet()],
      reserve: async () => {
        pending += 1;
        pendingMax = Math.max(pendingMax, pending);
        await time.pass(5);
        pending -= 1;
        return GRANTED;
      },
    });
    for (let call = 0; call < 10; call += 1) waitIn(queue, callOf(`user-${call}`));
    await time.advance(100);
    expect([queue.isEmpty, pendingMax]).toEqual([true, 1]);
  });

  it('again after 250 ms when the ledger fails, and the calls stay', async () => {
    let failures = 2;
    const { queue, time, asked, places } = queueWith({
      outlets: [slowOutlet()],
      reserve: async () => {
        failures -= 1;
        if (failures >= 0) throw new Error('the ledger failed');
        return GRANTED;
      },
    });
    const free = places.free;
    const waited = waitIn(queue, callOf('a'));
    await time.advance(249);
    expect([asked.length, waited.turn, places.free]).toEqual([1, undefined, free]);
    await time.advance(251);
    expect(asked).toHaveLength(3);
    expect(waited.turn).toBeTruthy();
  });

  it('a reserve that throws is one that failed', async () => {
    let failures = 1;
    const { queue, time } = queueWith({
      outlets: [slowOutlet()],
      reserve: () => {
        failures -= 1;
        if (failures >= 0) throw new Error('the ledger failed');
        return GRANTED;
      },
    });
    const waited = waitIn(queue, callOf('a'));
    await time.advance(250);
    expect(waited.turn).toBeTruthy();
  });

  it('does not ask without a free place', async () => {
    const { queue, time, asked } = queueWith({ outlets: [slowOutlet()], placesMax: 0 });
    waitIn(queue, callOf('a'));
    await time.advance(1_000);
    expect(asked).toEqual([]);
  });
});

describe('A round', () => {
  const fastOutlet = () => new FixedOutlet('main', { rpm: 600, tpm: 600_000 });

  it('takes the calls of all users who wait with one reserve, and at most one second of the limit', async () => {
    const outlet = fastOutlet();
    outlet.close();
    const { queue, time, asked } = queueWith({ outlets: [outlet] });
    for (let user = 0; user < 15; user += 1) waitIn(queue, callOf(`user-${user}`, 100));
    outlet.open();
    await time.advance(0);
    expect(asked).toEqual([
      [10, 1_000],
      [5, 500],
    ]);
  });

  it('each of its calls knows what was reserved for those that leave after it', async () => {
    const outlet = fastOutlet();
    outlet.close();
    const { queue, time } = queueWith({ outlets: [outlet] });
    for (let user = 0; user < 3; user += 1) waitIn(queue, callOf(`user-${user}`, 100));
    outlet.open();
    await time.advance(0);
    expect(outlet.left.map(({ balances }) => balances?.map(({ used }) => used))).toEqual(
      Array(3).fill([3, 300]),
    );
    expect(outlet.left.map(({ place }) => place)).toEqual([
      { callsAfter: 2, tokensAfter: 200 },
      { callsAfter: 1, tokensAfter: 100 },
      { callsAfter: 0, tokensAfter: 0 },
    ]);
  });

  it('who leaves is decided when it is granted, and the difference in tokens is carried on', async () => {
    const outlet = fastOutlet();
    const time = new VirtualTime();
    const { queue, asked } = queueWith({
      time,
      outlets: [outlet],
      reserve: async () => {
        await time.pass(5);
        return GRANTED;
      },
    });
    const [stops, stays] = [waitIn(queue, callOf('a', 100)), waitIn(queue, callOf('b', 400))];
    waitIn(queue, callOf('c', 250));
    await time.advance(1);
    stops.waiting.stop();
    await time.advance(100);
    expect([stops.turn, queue.isEmpty]).toEqual([null, true]);
    expect(stays.turn).toBeTruthy();
    expect(asked).toEqual([
      [1, 100],
      [1, 550],
    ]);
  });

  it('that is denied changes no turn: the calls that waited leave before those that came meanwhile', async () => {
    const time = new VirtualTime();
    const outlet = fastOutlet();
    let isDenied = true;
    const { queue, asked } = queueWith({
      time,
      outlets: [outlet],
      reserve: async () => {
        const decision = isDenied ? deniedUntil(time.nowMs() + 100) : GRANTED;
        await time.pass(5);
        isDenied = false;
        return decision;
      },
    });
    const order: string[] = [];
    outlet.close();
    for (const user of ['a', 'b', 'c']) waitIn(queue, callOf(user), order);
    outlet.open();
    expect([asked[0]?.[0], queue.status().waiting]).toEqual([3, 3]);
    await time.advance(2);
    expect(queue.tryLeave(callOf('newcomer'))).toBeUndefined();
    for (const user of ['d', 'e', 'f']) waitIn(queue, callOf(user), order);
    await time.advance(1_000);
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('is not larger than one second of the limit when calls are large', async () => {
    const outlet = fastOutlet();
    outlet.close();
    const { queue, time, asked } = queueWith({ outlets: [outlet] });
    for (let call = 0; call < 100; call += 1) waitIn(queue, callOf('small', 100));
    for (let user = 0; user < 9; user += 1) waitIn(queue, callOf(`user-${user}`, 5_000));
    outlet.open();
    await time.advance(0);
    // Ten average calls have less than 10,000 tokens. The last call may pass that.
    expect(Math.max(...asked.map(([, tokens]) => tokens))).toBeLessThan(15_000);
  });

  it('holds no more places than are free, and gives back those that it does not need', async () => {
    const outlet = fastOutlet();
    const time = new VirtualTime();
    const { queue, asked, places } = queueWith({
      time,
      outlets: [outlet],
      placesMax: 3,
      reserve: async () => {
        await time.pass(5);
        return GRANTED;
      },
    });
    outlet.close();
    const waited = ['a', 'b', 'c', 'd'].map((user) => waitIn(queue, callOf(user)));
    outlet.open();
    expect([asked.map(([calls]) => calls), places.free]).toEqual([[3], 0]);
    for (const { waiting } of waited.slice(0, 3)) waiting.stop();
    await time.advance(5);
    expect([waited[3]?.turn?.outlet.id, places.free]).toEqual(['main', 2]);
  });

  it('that can never fit is made smaller', async () => {
    const outlet = new FixedOutlet('main', { rpm: 600, tpm: 1_000 });
    outlet.close();
    const { queue, time, asked } = queueWith({ outlets: [outlet] });
    const waited = ['a', 'b', 'c', 'd'].map((user) => waitIn(queue, callOf(user, 300)));
    outlet.open();
    await time.advance(0);
    expect(asked.slice(0, 2).map(([calls]) => calls)).toEqual([4, 2]);
    await time.advance(DEADLINE_MS - 1);
    expect(waited.filter(({ turn }) => turn)).toHaveLength(4);
  });
});

describe('A call that is larger than a limit', () => {
  const small = () => new FixedOutlet('small', { rpm: 60, tpm: 1_000 });

  it('ends its wait at once, and holds no other call up', async () => {
    const { queue, time } = queueWith({ outlets: [small()] });
    const [large, other] = [waitIn(queue, callOf('a', 1_001)), waitIn(queue, callOf('b', 100))];
    await time.advance(0);
    expect(large.turn).toBeNull();
    expect(other.turn).toBeTruthy();
  });

  it('leaves by another outlet', async () => {
    const { queue, time } = queueWith({ outlets: [small(), slowOutlet('large')] });
    const waited = waitIn(queue, callOf('a', 1_001));
    await time.advance(0);
    expect(waited.turn?.outlet.id).toBe('large');
  });
});

describe('A call that is put back', () => {
  it('gives its place back and is the next one of its user', async () => {
    const { queue, time, places, outlets } = queueWith({ placesMax: 2 });
    const turn = leaveIn(queue, callOf('a'));
    outlets[0]?.close();
    const order: string[] = [];
    waitIn(queue, { ...callOf('a'), tokens: 7 }, order);
    const again = follow('a again', (onQueued) => queue.putBack(turn, onQueued), order);
    expect(places.free).toBe(2);
    outlets[0]?.open();
    await time.advance(0);
    expect(order).toEqual(['a again', 'a']);
    expect(again.turn?.call).toBe(turn.call);
  });

  it('keeps its first deadline', async () => {
    const { queue, time, outlets } = queueWith();
    const turn = leaveIn(queue, callOf('a'));
    await time.advance(20_000);
    outlets[0]?.close();
    const other = waitIn(queue, callOf('b'));
    const again = follow('a', (onQueued) => queue.putBack(turn, onQueued));
    await time.advance(DEADLINE_MS - 20_000);
    expect([again.turn, other.turn]).toEqual([null, undefined]);
  });

  it('has waited as long as all its waits together', async () => {
    const { queue, time, outlets } = queueWith();
    outlets[0]?.close();
    const first = waitIn(queue, callOf('a'));
    await time.advance(1_000);
    outlets[0]?.open();
    await time.advance(5_000);
    outlets[0]?.close();
    const { turn } = first;
    if (!turn) throw new Error('it has no turn');
    const again = follow('a', (onQueued) => queue.putBack(turn, onQueued));
    await time.advance(2_000);
    outlets[0]?.open();
    await time.advance(0);
    expect(again.turn?.waitedMs).toBe(3_000);
  });

  it('can be stopped, and gives its place back even when the queue is closed', async () => {
    const { queue, time, places, outlets } = queueWith({ placesMax: 2 });
    const turns = [leaveIn(queue, callOf('a')), leaveIn(queue, callOf('b'))] as const;
    outlets[0]?.close();
    const again = follow('a', (onQueued) => queue.putBack(turns[0], onQueued));
    again.waiting.stop();
    queue.close();
    const closed = follow('b', (onQueued) => queue.putBack(turns[1], onQueued));
    await time.advance(0);
    expect([again.turn, closed.turn, places.free]).toEqual([null, null, 2]);
  });

  it('costs its user one turn, not two', async () => {
    const { queue, time, outlets } = queueWith({ placesMax: 1 });
    const order: string[] = [];
    const running = leaveIn(queue, callOf('first'));
    const refused = waitIn(queue, callOf('a'), order);
    const others = Array.from({ length: 3 }, () => waitIn(queue, callOf('b'), order));
    const own = [waitIn(queue, callOf('a'), order)];
    running.place();
    await time.advance(0);
    expect(order).toEqual(['a']);
    outlets[0]?.close();
    if (!refused.turn) throw new Error('it has no turn');
    const { turn } = refused;
    own.push(follow('a', (onQueued) => queue.putBack(turn, onQueued), order));
    outlets[0]?.open();
    for (let next = 0; next < 5; next += 1) {
      await time.advance(1);
      for (const { turn: taken } of [...others, ...own]) taken?.place();
    }
    expect(order.slice(1, 5).filter((user) => user === 'a')).toHaveLength(2);
  });
});

describe('Queues that share the places of a process', () => {
  it('a place that a call of one queue gives back goes to a call that waits in another', async () => {
    const time = new VirtualTime();
    const places = new Places(1);
    const [one, other] = [queueWith({ time, places }), queueWith({ time, places })];
    const running = leaveIn(one.queue, callOf('a'));
    const waited = waitIn(other.queue, callOf('b'));
    running.place();
    await time.advance(0);
    expect(waited.turn).toBeTruthy();
  });

  it('they get freed places in turn', async () => {
    const time = new VirtualTime();
    const places = new Places(1);
    const queues = ['x', 'y'].map((name) => ({ name, ...queueWith({ time, places }) }));
    const order: string[] = [];
    const running = leaveIn(queueWith({ time, places }).queue, callOf('first'));
    const waited = queues.flatMap(({ name, queue }) =>
      Array.from({ length: 4 }, () => waitIn(queue, callOf(name), order)),
    );
    running.place();
    for (let turn = 0; turn < 8; turn += 1) {
      await time.advance(1);
      for (const { turn: taken } of waited) taken?.place();
    }
    expect(order).toHaveLength(8);
    expect(order.slice(0, 4).filter((name) => name === 'x')).toHaveLength(2);
  });

  it('a user at their share leaves a freed place to a user of another queue', async () => {
    const time = new VirtualTime();
    const places = new Places(2);
    const [one, other] = [queueWith({ time, places }), queueWith({ time, places })];
    const running = [leaveIn(one.queue, callOf('heavy')), leaveIn(one.queue, callOf('heavy'))];
    const order: string[] = [];
    for (let call = 0; call < 3; call += 1) waitIn(one.queue, callOf('heavy'), order);
    waitIn(other.queue, callOf('light'), order);
    running[0]?.place();
    await time.advance(0);
    expect(order).toEqual(['light']);
  });
});
