import { describe, expect, it } from 'vitest';
import { type InFlightBounds, InFlightCalls } from '../../src/pipeline/in-flight.ts';

const BOUNDS = { drains: 10, drainsPerUser: 10, inFlightPerUser: 100 };
const clock = { nowMs: () => Date.now() };

function callsOf(bounds: Partial<InFlightBounds>): InFlightCalls {
  return new InFlightCalls(clock, { ...BOUNDS, ...bounds }, () => {});
}

describe('The bounds of drains', () => {
  it('one user is drained at most drainsPerUser times at once', () => {
    const calls = callsOf({ drains: 10, drainsPerUser: 2 });
    const [first, second, third] = [
      calls.begin({ user: { id: 'ada' } }),
      calls.begin({ user: { id: 'ada' } }),
      calls.begin({ user: { id: 'ada' } }),
    ];
    expect([first, second, third].map((call) => calls.drain(call))).toEqual([true, true, false]);
    expect(calls.drain(calls.begin({ user: { id: 'bob' } }))).toBe(true);
    calls.end(first);
    expect(calls.drain(third)).toBe(true);
  });

  it('all users together are drained at most drains times at once', () => {
    const calls = callsOf({ drains: 1, drainsPerUser: 5 });
    const [ada, bob] = [calls.begin({ user: { id: 'ada' } }), calls.begin({ user: { id: 'bob' } })];
    expect(calls.drain(ada)).toBe(true);
    expect(calls.drain(bob)).toBe(false);
    calls.end(ada);
    expect(calls.drain(bob)).toBe(true);
  });

  it('a call that is asked again takes one drain', () => {
    const calls = callsOf({ drains: 2, drainsPerUser: 2 });
    const [first, second] = [
      calls.begin({ user: { id: 'ada' } }),
      calls.begin({ user: { id: 'ada' } }),
    ];
    expect([calls.drain(first), calls.drain(first), calls.drain(second)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(first.draining).toBe(true);
  });

  it('the end of a call that was not drained gives back no drain', () => {
    const calls = callsOf({ drains: 1, drainsPerUser: 1 });
    const drained = calls.begin({ user: { id: 'ada' } });
    expect(calls.drain(drained)).toBe(true);
    const cut = calls.begin({ user: { id: 'ada' } });
    expect(calls.drain(cut)).toBe(false);
    calls.end(cut);
    expect(calls.drain(calls.begin({ user: { id: 'ada' } }))).toBe(false);
  });

  it('without room for drains no call is drained', () => {
    const calls = callsOf({ drains: 0, drainsPerUser: 0 });
    expect(calls.drain(calls.begin({ user: { id: 'ada' } }))).toBe(false);
  });
});
