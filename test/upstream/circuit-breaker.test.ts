import { describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { CircuitBreaker } from '../../src/upstream/circuit-breaker.ts';
import { settled, TestClock } from './capacity/world.ts';

function setUp({ enabled = true } = {}) {
  const clock = new TestClock();
  const ledger = memoryLedger({ clock });
  const errors: unknown[] = [];
  const seen: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const start = () =>
    new CircuitBreaker({
      clock,
      enabled,
      onOpened: (untilMs, trouble) => seen.push([trouble, untilMs - clock.nowMs()]),
      onClosed: () => seen.push('closed'),
      shared: { records: ledger.records, upstream: 'main', onError },
    });
  return { clock, ledger, errors, seen, start, inMs: (ms: number) => clock.nowMs() + ms };
}

function fail(breaker: CircuitBreaker, times: number): void {
  for (let count = 0; count < times; count += 1) {
    breaker.leave();
    breaker.failed();
  }
}

describe('A circuit', () => {
  it('opens for 5 s after 5 failures in a row', () => {
    const { seen, start, inMs } = setUp();
    const breaker = start();
    fail(breaker, 4);
    expect([breaker.state, breaker.opensAtMs]).toEqual(['closed', 0]);
    fail(breaker, 1);
    expect([breaker.state, breaker.opensAtMs]).toEqual(['open', inMs(5_000)]);
    expect(seen).toEqual([['failures', 5_000]]);
  });

  it('counts from 0 after a success', () => {
    const { start } = setUp();
    const breaker = start();
    fail(breaker, 4);
    breaker.succeeded();
    fail(breaker, 4);
    expect(breaker.state).toBe('closed');
  });

  it('lets one call try after the deadline, and closes when it succeeds', async () => {
    const { clock, seen, start, inMs } = setUp();
    const breaker = start();
    fail(breaker, 5);
    expect(breaker.isProbing).toBe(false);
    await clock.pass(5_000);
    expect(breaker.isProbing).toBe(true);
    expect(breaker.opensAtMs).toBe(inMs(0));
    breaker.leave();
    expect(breaker.opensAtMs).toBe(inMs(60_000));
    breaker.succeeded();
    expect([breaker.state, breaker.opensAtMs]).toEqual(['closed', 0]);
    expect(seen.at(-1)).toBe('closed');
    fail(breaker, 4);
    expect(breaker.state).toBe('closed');
  });

  it('opens for twice as long each time that the trying call fails, up to 60 s', async () => {
    const { clock, seen, start } = setUp();
    const breaker = start();
    fail(breaker, 5);
    for (let count = 0; count < 5; count += 1) {
      await clock.pass(breaker.opensAtMs - clock.nowMs());
      fail(breaker, 1);
    }
    const lengths = [5_000, 10_000, 20_000, 40_000, 60_000, 60_000];
    expect(seen).toEqual(lengths.map((ms) => ['failures', ms]));
  });

  it('begins with 5 s again after it was closed', async () => {
    const { clock, start, inMs } = setUp();
    const breaker = start();
    fail(breaker, 5);
    await clock.pass(5_000);
    fail(breaker, 1);
    await clock.pass(10_000);
    breaker.leave();
    breaker.succeeded();
    fail(breaker, 5);
    expect(breaker.opensAtMs).toBe(inMs(5_000));
  });

  it('lets the next call try when the trying one ends without an answer, and calls its listeners', async () => {
    const { clock, start, inMs } = setUp();
    const breaker = start();
    fail(breaker, 5);
    await clock.pass(5_000);
    breaker.leave();
    let told = 0;
    breaker.onOpen(() => {
      told += 1;
    });
    breaker.ended();
    expect([told, breaker.opensAtMs]).toEqual([1, inMs(0)]);
    breaker.leave();
    breaker.succeeded();
    expect([told, breaker.state]).toEqual([2, 'closed']);
  });

  it('lets the next call try when the trying one does not end for a minute', async () => {
    const { clock, start, inMs } = setUp();
    const breaker = start();
    fail(breaker, 5);
    await clock.pass(5_000);
    breaker.leave();
    await clock.pass(60_000);
    expect(breaker.opensAtMs).toBe(inMs(0));
  });

  it('ignores calls that left before it opened, so that its deadline stays', async () => {
    const { clock, seen, start } = setUp();
    const breaker = start();
    fail(breaker, 5);
    const { opensAtMs } = breaker;
    await clock.pass(1_000);
    breaker.failed();
    breaker.succeeded();
    breaker.ended();
    expect(breaker.opensAtMs).toBe(opensAtMs);
    expect(seen).toHaveLength(1);
  });

  it('lets a call try when the clock was set back by hours', async () => {
    const { clock, start, inMs } = setUp();
    const breaker = start();
    fail(breaker, 5);
    clock.move(-7_200_000);
    expect([breaker.state, breaker.opensAtMs]).toEqual(['half-open', inMs(0)]);
    fail(breaker, 1);
    expect([breaker.state, breaker.opensAtMs]).toEqual(['open', inMs(10_000)]);
  });

  it('never opens where there is no other upstream', async () => {
    const { ledger, seen, start } = setUp({ enabled: false });
    const breaker = start();
    fail(breaker, 10);
    breaker.accountTrouble();
    await settled();
    expect([breaker.state, breaker.opensAtMs]).toEqual(['closed', 0]);
    expect(seen).toEqual([]);
    expect(await ledger.records.get('circuit:main')).toBeUndefined();
  });
});

describe('Trouble with the account', () => {
  it('opens the circuit for 5 minutes, in other processes too', async () => {
    const { seen, start, inMs } = setUp();
    const [first, second] = [start(), start()];
    first.accountTrouble();
    await settled();
    expect([first.opensAtMs, second.opensAtMs]).toEqual([inMs(300_000), inMs(300_000)]);
    expect(seen).toEqual([
      ['account', 300_000],
      ['account', 300_000],
    ]);
    const late = start();
    await settled();
    expect(late.opensAtMs).toBe(inMs(300_000));
  });

  it('is over after 5 minutes, for a process that starts then', async () => {
    const { clock, start } = setUp();
    start().accountTrouble();
    await clock.pass(300_000);
    const late = start();
    await settled();
    expect(late.state).toBe('closed');
  });

  it('is never shortened by failures', async () => {
    const { clock, start } = setUp();
    const breaker = start();
    breaker.accountTrouble();
    const { opensAtMs } = breaker;
    fail(breaker, 10);
    await clock.pass(200_000);
    fail(breaker, 10);
    expect(breaker.opensAtMs).toBe(opensAtMs);
  });

  it('makes a shorter opening longer', () => {
    const { start, inMs } = setUp();
    const breaker = start();
    fail(breaker, 5);
    breaker.accountTrouble();
    expect(breaker.opensAtMs).toBe(inMs(300_000));
  });

  it('is known to this process when the store fails, and the error is reported', async () => {
    const { ledger, errors, start, inMs } = setUp();
    const breaker = start();
    await ledger.close();
    breaker.accountTrouble();
    await settled();
    expect(breaker.opensAtMs).toBe(inMs(300_000));
    expect(errors).toHaveLength(1);
  });

  it('ignores a record that it cannot read, and a deadline of more than 5 minutes', async () => {
    const { clock, ledger, start, inMs } = setUp();
    const breaker = start();
    await ledger.records.put('circuit:main', '{"untilMs":"soon"}');
    await settled();
    expect(breaker.state).toBe('closed');
    await ledger.records.put('circuit:main', JSON.stringify({ untilMs: clock.nowMs() * 2 }));
    await settled();
    expect(breaker.opensAtMs).toBe(inMs(300_000));
  });

  it('is not followed any more by a circuit that was closed', async () => {
    const { start } = setUp();
    const [first, second] = [start(), start()];
    second.close();
    first.accountTrouble();
    await settled();
    expect(second.state).toBe('closed');
  });
});
