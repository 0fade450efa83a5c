import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import {
  assertCounts,
  claim,
  concurrent,
  DISPATCHED,
  daily,
  LEASE,
  MINUTE_MS,
  rate,
  rolling,
  START_MS,
  settableClock,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';
import { byHandle, type InProcessLedger, inProcessLedger } from './by-handle.ts';

const CLAIMS = [
  claim(daily(100)),
  claim(rolling(100)),
  claim(rate(100, 100)),
  claim(concurrent(5)),
];

function start(options: Parameters<typeof inProcessLedger>[0] = {}) {
  const clock = settableClock(START_MS);
  return { clock, ledger: inProcessLedger({ clock, ...options }) };
}

function take({ inProcess }: InProcessLedger, id = 'call', lease = LEASE): object {
  const decision = inProcess.reserve(id, CLAIMS, tokens(6), lease);
  assert(decision.granted, 'the reserve had to be granted');
  return decision.hold;
}

describe('The in-process verbs', () => {
  ledgerConformance({ describe, it }, async ({ clock }) => ({
    ledger: byHandle(inProcessLedger({ clock })),
  }));
});

describe('A hold by handle', () => {
  it('Two holds by handle with the same id are separate', async () => {
    const { ledger } = start();
    const [first, second] = [take(ledger, 'same'), take(ledger, 'same')];
    await assertCounts(ledger, claim(daily(100)), { used: 0, held: 12 });
    expect(ledger.inProcess.settle(first, tokens(2))).toBe('done');
    expect(ledger.inProcess.release(second)).toBe('done');
    await assertCounts(ledger, claim(daily(100)), { used: 2, held: 0 });
  });

  it('A hold by handle is not found by its id', async () => {
    const { ledger, clock } = start();
    const hold = take(ledger);
    expect(await ledger.settle('call', tokens(6))).toBe('unknown');
    expect(await ledger.renew('call', LEASE)).toBe(false);
    clock.set(START_MS + MINUTE_MS);
    expect(await ledger.release('call')).toBe('unknown');
    expect(ledger.inProcess.settle(hold, tokens(6))).toBe('done');
    expect(await ledger.settle('call', tokens(6))).toBe('unknown');
  });

  it('A hold by handle counts on the same accounts as a hold by id', async () => {
    const { ledger } = start();
    const hold = take(ledger);
    expect(await ledger.reserve('other', CLAIMS, tokens(7), LEASE)).toMatchObject({
      granted: true,
    });
    await assertCounts(ledger, claim(daily(100)), { used: 0, held: 13 });
    ledger.inProcess.settle(hold, { ...tokens(6), concurrent: 0 });
    await ledger.release('other');
    await assertCounts(ledger, claim(daily(100)), { used: 6, held: 0 });
    await assertCounts(ledger, claim(concurrent(5)), { used: 0, held: 0 });
  });

  it('A hold by handle ends with its lease and is corrected by a late settle, once', async () => {
    const { ledger, clock } = start();
    const [sent, unsent] = [take(ledger, 'sent', DISPATCHED), take(ledger, 'unsent')];
    clock.set(START_MS + MINUTE_MS);
    await assertCounts(ledger, claim(daily(100)), { used: 6, held: 0 });
    expect(ledger.inProcess.renew(sent, LEASE)).toBe(false);
    expect(ledger.inProcess.settle(sent, tokens(9))).toBe('done');
    expect(ledger.inProcess.settle(unsent, tokens(1))).toBe('done');
    expect(ledger.inProcess.settle(sent, tokens(9))).toBe('replayed');
    expect(ledger.inProcess.release(unsent)).toBe('refused');
    await assertCounts(ledger, claim(daily(100)), { used: 10, held: 0 });
  });

  it('A hold by handle counts against the bound of holds until it ends', () => {
    const { ledger } = start({ maxLeases: 1 });
    const hold = take(ledger);
    expect(() => take(ledger, 'more')).toThrow(LedgerError);
    ledger.inProcess.release(hold);
    expect(take(ledger, 'more')).toBeTypeOf('object');
  });

  it('A hold by handle can be neither taken nor ended after the ledger is closed', async () => {
    const { ledger } = start();
    const hold = take(ledger);
    await ledger.close();
    expect(() => take(ledger)).toThrow(LedgerError);
    expect(() => ledger.inProcess.settle(hold, tokens(1))).toThrow(LedgerError);
  });

  it('The in-process verbs throw a TypeError for an invalid amount or lease and count nothing', async () => {
    const { ledger } = start();
    const { inProcess } = ledger;
    const wrong = { ...tokens(1), tokens: Number.NaN };
    expect(() => inProcess.reserve('call', CLAIMS, wrong, LEASE)).toThrow(TypeError);
    const lease = { durationMs: 0, dispatched: false };
    expect(() => inProcess.reserve('call', CLAIMS, tokens(1), lease)).toThrow(TypeError);
    const hold = take(ledger);
    expect(() => inProcess.settle(hold, wrong)).toThrow(TypeError);
    expect(() => inProcess.renew(hold, lease)).toThrow(TypeError);
    await assertCounts(ledger, claim(daily(100)), { used: 0, held: 6 });
  });
});
