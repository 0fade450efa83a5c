import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deny } from '../../src/core/denial.ts';
import {
  CLOSING,
  InFlightCall,
  InFlightCalls,
  type Stoppable,
  type StopReason,
} from '../../src/pipeline/in-flight.ts';

const BLOCKED = deny('user_blocked', 'blocked');
const BOUNDS = { drains: 10, drainsPerUser: 10, inFlightPerUser: 100 };
const clock = { nowMs: () => Date.now() };

function callsOf(bounds = BOUNDS, onTick = (_: InFlightCall, __: number) => {}): InFlightCalls {
  return new InFlightCalls(clock, bounds, onTick);
}

/** Something that runs, and notes why it was stopped. */
function running(): Stoppable & { readonly reasons: StopReason[]; readonly ticks: number[] } {
  const reasons: StopReason[] = [];
  const ticks: number[] = [];
  return {
    reasons,
    ticks,
    stop: (reason) => void reasons.push(reason),
    tick: (nowMs) => void ticks.push(nowMs),
  };
}

/** Whether a promise has resolved, for polls. */
function watched(promise: Promise<void>): () => boolean {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  return () => isDone;
}

describe('InFlightCall.stop', () => {
  it('a stop reaches what the call does now, once', () => {
    const call = new InFlightCall({ user: { id: 'ada' } }, 0);
    const queued = running();
    const sent = running();
    call.run(queued);
    call.run(sent);
    call.stop('disconnected');
    call.stop('disconnected');
    expect(call.stopped).toBe('disconnected');
    expect(queued.reasons).toEqual([]);
    expect(sent.reasons).toEqual(['disconnected']);
  });

  it('a denial after a disconnect replaces it, so that it ends a drain', () => {
    const call = new InFlightCall({ user: { id: 'ada' } }, 0);
    const sent = running();
    call.run(sent);
    call.stop('disconnected');
    call.stop(BLOCKED);
    expect(call.stopped).toBe(BLOCKED);
    expect(sent.reasons).toEqual(['disconnected', BLOCKED]);
  });

  it.each([
    ['a disconnect', 'disconnected'],
    ['another denial', CLOSING],
  ] as const)('%s after a denial changes nothing', (_, second) => {
    const call = new InFlightCall({ user: { id: 'ada' } }, 0);
    const sent = running();
    call.run(sent);
    call.stop(BLOCKED);
    call.stop(second);
    expect(call.stopped).toBe(BLOCKED);
    expect(sent.reasons).toEqual([BLOCKED]);
  });

  it('a call that was stopped stops at once what it runs next', () => {
    const call = new InFlightCall({ user: { id: 'ada' } }, 0);
    call.stop('disconnected');
    const stream = running();
    call.run(stream);
    expect(stream.reasons).toEqual(['disconnected']);
  });

  it('a call that runs nothing that can be stopped only notes the reason', () => {
    const call = new InFlightCall({ user: { id: 'ada' } }, 0);
    const sent = running();
    call.run(sent);
    call.run(undefined);
    call.stop(BLOCKED);
    expect(call.stopped).toBe(BLOCKED);
    expect(sent.reasons).toEqual([]);
  });
});

describe('InFlightCalls', () => {
  it('a call is in flight from begin to end', () => {
    const calls = callsOf();
    const [ada, bob] = [calls.begin({ user: { id: 'ada' } }), calls.begin({ user: { id: 'bob' } })];
    expect(calls.ofUser(undefined)).toEqual([ada, bob]);
    expect(calls.ofUser('ada')).toEqual([ada]);
    calls.end(ada);
    expect(calls.ofUser('ada')).toEqual([]);
    expect(calls.ofUser(undefined)).toEqual([bob]);
    calls.end(bob);
  });

  it('the end of a call gives back its place at the upstream', () => {
    const calls = callsOf();
    const call = calls.begin({ user: { id: 'ada' } });
    const release = vi.fn();
    call.releasePlace = release;
    calls.end(call);
    expect(release).toHaveBeenCalledOnce();
  });

  it('stopAll stops every call with the same reason', () => {
    const calls = callsOf();
    const begun = [calls.begin({ user: { id: 'ada' } }), calls.begin({ user: { id: 'bob' } })];
    calls.stopAll(BLOCKED);
    expect(begun.map(({ stopped }) => stopped)).toEqual([BLOCKED, BLOCKED]);
    for (const call of begun) calls.end(call);
  });
});

describe('InFlightCalls.whenIdle and close', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('whenIdle resolves at once without calls', async () => {
    await callsOf().whenIdle(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('whenIdle resolves when the last call ends, for every listener', async () => {
    const calls = callsOf();
    const [first, second] = [
      calls.begin({ user: { id: 'ada' } }),
      calls.begin({ user: { id: 'ada' } }),
    ];
    const idle = [watched(calls.whenIdle(60_000)), watched(calls.whenIdle(60_000))];
    calls.end(first);
    await vi.advanceTimersByTimeAsync(0);
    expect(idle.map((isIdle) => isIdle())).toEqual([false, false]);
    calls.end(second);
    await vi.advanceTimersByTimeAsync(0);
    expect(idle.map((isIdle) => isIdle())).toEqual([true, true]);
  });

  it('whenIdle resolves after the deadline while a call still runs', async () => {
    const calls = callsOf();
    calls.begin({ user: { id: 'ada' } });
    const isIdle = watched(calls.whenIdle(5_000));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(isIdle()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isIdle()).toBe(true);
  });

  it('close refuses new calls at once and stops running ones after the grace', async () => {
    const calls = callsOf();
    const call = calls.begin({ user: { id: 'ada' } });
    const isClosed = watched(calls.close(10_000));
    expect(calls.closing).toBe(true);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(call.stopped).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(call.stopped).toBe(CLOSING);
    expect(isClosed()).toBe(false);
    calls.end(call);
    await vi.advanceTimersByTimeAsync(0);
    expect(isClosed()).toBe(true);
  });

  it('close stops no call that ends within the grace', async () => {
    const calls = callsOf();
    const call = calls.begin({ user: { id: 'ada' } });
    const isClosed = watched(calls.close(10_000));
    calls.end(call);
    await vi.advanceTimersByTimeAsync(0);
    expect(isClosed()).toBe(true);
    expect(call.stopped).toBeUndefined();
  });

  it('close resolves 5 s after the cut although a call never ends', async () => {
    const calls = callsOf();
    calls.begin({ user: { id: 'ada' } });
    const isClosed = watched(calls.close(0));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(isClosed()).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isClosed()).toBe(true);
  });
});

describe('The tick of calls in flight', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('every call, and what it does now, is ticked each second', async () => {
    const ticked: string[] = [];
    const calls = callsOf(BOUNDS, ({ userId }) => ticked.push(userId));
    const [ada, bob] = [calls.begin({ user: { id: 'ada' } }), calls.begin({ user: { id: 'bob' } })];
    const stream = running();
    ada.run(stream);
    bob.run({ stop: () => {} });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ticked).toEqual(['ada', 'bob', 'ada', 'bob']);
    expect(stream.ticks).toHaveLength(2);
    calls.end(ada);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ticked.slice(4)).toEqual(['bob']);
  });

  it('the timer stops when no call is left, and starts again with the next', async () => {
    const onTick = vi.fn();
    const calls = callsOf(BOUNDS, onTick);
    calls.end(calls.begin({ user: { id: 'ada' } }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(onTick).not.toHaveBeenCalled();
    calls.begin({ user: { id: 'ada' } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(onTick).toHaveBeenCalledOnce();
  });

  it('a call that ends in the tick of another is ticked no more than once', async () => {
    const ticked: string[] = [];
    const calls = callsOf(BOUNDS, (call) => {
      ticked.push(call.userId);
      for (const other of calls.ofUser('bob')) calls.end(other);
    });
    calls.begin({ user: { id: 'ada' } });
    calls.begin({ user: { id: 'bob' } });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ticked).toEqual(['ada', 'bob', 'ada']);
  });
});
