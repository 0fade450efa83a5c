import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Claim, LedgerError } from '../../../src/index.ts';
import type { StoreFault } from './faulty-store.ts';
import {
  claim,
  concurrent,
  DEADLINE_MS,
  LEASE,
  money,
  ONE,
  pass,
  quota,
  rate,
  setUp,
  within,
} from './on-faulty-store.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const faults: readonly StoreFault[] = ['refused', 'silent', 'reset', 'lost', 'late'];

describe.each(faults)('I5 a store that is %s', (fault) => {
  const rows: readonly [string, readonly Claim[], 'denies' | 'serves'][] = [
    ['a quota', [claim(quota)], 'denies'],
    ['money, also as a rate', [claim(money)], 'denies'],
    ['a rate', [claim(rate)], 'serves'],
    ['concurrency', [claim(concurrent)], 'serves'],
    ['a rate beside a quota', [claim(rate), claim(quota)], 'denies'],
    ['a quota that says "allow"', [claim(quota, 'allow')], 'serves'],
    ['money that says "local"', [claim(money, 'local')], 'serves'],
    ['a rate that says "deny"', [claim(rate, 'deny')], 'denies'],
    ['no limit at all', [], 'serves'],
  ];
  it.each(rows)('is decided within 250 ms by %s', async (_, claims, decision) => {
    const { store, ledger } = setUp();
    store.fault = fault;
    const first = await within(250, ledger.reserve('a', claims, ONE, LEASE));
    const second = await within(250, ledger.reserve('b', claims, ONE, LEASE));
    for (const outcome of [first, second]) {
      if (decision === 'denies') expect(outcome).toBeInstanceOf(LedgerError);
      else expect(outcome).toMatchObject({ granted: true, degraded: true });
    }
  });

  it('F32 gives out no more than the local share, and says which limit was in the way', async () => {
    const { store, ledger } = setUp({ processes: 4 });
    store.fault = fault;
    const claims = [claim(quota, 'allow'), claim(concurrent), claim(rate)];
    const outcomes = [];
    for (let call = 0; call < 10; call += 1) {
      outcomes.push(await within(250, ledger.reserve(`call-${call}`, claims, ONE, LEASE)));
    }
    expect(outcomes.slice(0, 2)).toMatchObject([{ granted: true }, { granted: true }]);
    for (const outcome of outcomes.slice(2)) {
      expect(outcome).toMatchObject({
        granted: false,
        degraded: true,
        violations: [{ claim: 1 }, { claim: 2 }],
      });
    }
    await ledger.release('call-0');
    const again = await within(0, ledger.reserve('again', claims, ONE, LEASE));
    expect(again).toMatchObject({ granted: true });
  });

  it('denies with 503 what fits in a limit, and never in the local share', async () => {
    const { store, ledger } = setUp({ processes: 4 });
    store.fault = fault;
    const reserve = (id: string, requests: number) =>
      within(250, ledger.reserve(id, [claim(rate)], { ...ONE, requests }, LEASE));
    expect(await reserve('large', 3)).toBeInstanceOf(LedgerError);
    expect(await reserve('small', 2)).toMatchObject({ granted: true });
    expect(await reserve('next', 2)).toMatchObject({ granted: false });
  });

  it('is normal within 2 s of its return, and holds nothing that it was not asked for', async () => {
    const { store, ledger, events, used } = setUp();
    store.fault = fault;
    for (let call = 0; call < 4; call += 1) {
      await within(250, ledger.reserve(`down-${call}`, [claim(quota)], ONE, LEASE));
    }
    await pass(60_000);
    store.fault = undefined;
    await pass(2_000);
    expect(events).toEqual(['degraded', 'recovered 0 4']);
    expect(await used()).toEqual({ used: 0, held: 0 });
    expect(await ledger.reserve('up', [claim(quota)], ONE, LEASE)).toMatchObject({ granted: true });
    expect(ledger.unwritten).toBe(0);
  });

  it('is asked by nobody but a probe, at most each second, while it fails', async () => {
    const { store, ledger } = setUp();
    store.fault = fault;
    for (let call = 0; call < 4; call += 1) {
      await within(250, ledger.reserve(`first-${call}`, [claim(rate)], ONE, LEASE));
    }
    await pass(5_000);
    store.heard.length = 0;
    for (let call = 0; call < 100; call += 1) {
      ledger.reserve(`call-${call}`, [claim(quota)], ONE, LEASE).catch(() => {});
      ledger.records.get('user:ada').catch(() => {});
      await pass(100);
    }
    expect(store.heard.length).toBeGreaterThan(0);
    expect(store.heard.length).toBeLessThanOrEqual(10);
    expect(store.heard.every(({ id }) => id.startsWith('probe-'))).toBe(true);
  });

  it('F46 has every charge of the outage posted once, when it is back', async () => {
    const { store, ledger, errors, used } = setUp();
    await ledger.reserve('before', [claim(quota)], ONE, LEASE);
    store.fault = fault;
    expect(await within(250, ledger.settle('before', ONE))).toBe('queued');
    for (let call = 0; call < 3; call += 1) {
      const id = `during-${call}`;
      await within(250, ledger.reserve(id, [claim(quota, 'allow')], ONE, LEASE));
      expect(await within(250, ledger.settle(id, ONE))).toBe('queued');
    }
    await pass(10 * 60_000);
    store.fault = undefined;
    await pass(2_000);
    expect(await used()).toEqual({ used: 4, held: 0 });
    expect(ledger.unwritten).toBe(0);
    expect(errors.length).toBeGreaterThan(0);
  });

  it('lets an operator write as soon as it hears him', async () => {
    const { store, ledger } = setUp();
    store.fault = fault;
    for (let call = 0; call < 4; call += 1) await within(250, ledger.read([]));
    store.fault = undefined;
    expect(await within(0, ledger.records.put('user:ada', '{}'))).toBe(true);
  });
});

describe('F34 a reserve whose reply is lost', () => {
  it.each(['reset', 'lost', 'late'] as const)('(%s) leaves no hold behind', async (fault) => {
    const { store, ledger, used } = setUp();
    store.faults.set('reserve', fault);
    const outcome = await within(250, ledger.reserve('a', [claim(quota)], ONE, LEASE));
    expect(outcome).toBeInstanceOf(LedgerError);
    store.faults.clear();
    store.arrive();
    await pass(2_000);
    expect(store.heard.some(({ verb, id }) => verb === 'release' && id === 'a')).toBe(true);
    expect(await used()).toEqual({ used: 0, held: 0 });
  });

  it('leaves none when it comes after its own release', async () => {
    const { store, ledger, used } = setUp();
    store.faults.set('reserve', 'late');
    await within(250, ledger.reserve('a', [claim(quota)], ONE, LEASE));
    store.faults.clear();
    await pass(2_000);
    expect(store.heard.filter(({ id }) => id === 'a').map(({ verb }) => verb)).toContain('release');
    store.arrive();
    await pass(2_000);
    expect(await used()).toEqual({ used: 0, held: 0 });
  });

  it('leaves none when its release was lost, too', async () => {
    const { store, ledger, used } = setUp();
    store.faults.set('reserve', 'lost').set('release', 'silent');
    await within(250, ledger.reserve('a', [claim(quota)], ONE, LEASE));
    expect(await used()).toEqual({ used: 0, held: 1 });
    store.faults.clear();
    await pass(2_000);
    expect(await used()).toEqual({ used: 0, held: 0 });
  });
});

describe('F33 a store that is slow', () => {
  it('is asked by every call, though each is decided without it, as long as it answers', async () => {
    const { store, ledger, events } = setUp();
    store.fault = 'slow';
    store.slowMs = DEADLINE_MS + 100;
    for (let call = 0; call < 20; call += 1) {
      const outcome = await within(250, ledger.reserve(`${call}`, [claim(quota)], ONE, LEASE));
      expect(outcome).toBeInstanceOf(LedgerError);
    }
    const reserves = store.heard.filter(({ verb }) => verb === 'reserve');
    expect([reserves.length, events]).toEqual([20, []]);
  });

  it('is failing when it has answered nothing for half a second', async () => {
    const { store, ledger, events } = setUp();
    await ledger.reserve('well', [claim(quota)], ONE, LEASE);
    store.fault = 'silent';
    for (const known of [[], [], ['degraded']]) {
      await within(250, ledger.reserve('x', [claim(quota)], ONE, LEASE));
      expect(events).toEqual(known);
    }
  });

  it('changes nothing below the deadline', async () => {
    const { store, ledger, events } = setUp();
    store.fault = 'slow';
    store.slowMs = DEADLINE_MS - 20;
    for (let call = 0; call < 8; call += 1) {
      const outcome = await within(
        DEADLINE_MS,
        ledger.reserve(`${call}`, [claim(quota)], ONE, LEASE),
      );
      expect(outcome).toMatchObject({ granted: true });
      expect(outcome).not.toHaveProperty('degraded');
    }
    expect(events).toEqual([]);
  });

  it('for one account does not close it to the others', async () => {
    const { store, ledger, events } = setUp();
    store.faults.set('reserve', 'slow');
    store.slowMs = 1_000;
    for (let round = 0; round < 5; round += 1) {
      const slow = within(100, ledger.reserve(`slow-${round}`, [claim(quota)], ONE, LEASE));
      await slow;
      expect(await ledger.read([claim(quota)])).toHaveLength(1);
      await pass(150);
    }
    expect(events).toEqual([]);
    await pass(5_000);
  });
});

describe('F40 a store that answers with errors', () => {
  it('is still asked after two, and not after three in a row', async () => {
    const { store, ledger, events } = setUp();
    store.faults.set('reserve', 'refused');
    const fail = () => within(0, ledger.reserve('x', [claim(quota)], ONE, LEASE));
    await fail();
    await ledger.read([]);
    expect(events).toEqual([]);
    store.fault = 'refused';
    await fail();
    await fail();
    expect(events).toEqual(['degraded']);
  });

  it('but can be read stays failing: the probe writes', async () => {
    const { store, ledger, events } = setUp();
    store.faults.set('reserve', 'refused');
    store.faults.set('release', 'refused');
    for (let call = 0; call < 3; call += 1) {
      await within(0, ledger.reserve('x', [claim(quota)], ONE, LEASE));
    }
    await pass(10_000);
    expect(events).toEqual(['degraded']);
    await ledger.close();
  });

  it('is told from a mistake in the call', async () => {
    const { ledger, events } = setUp();
    for (let call = 0; call < 5; call += 1) {
      await expect(
        ledger.reserve('x', [claim(quota)], { ...ONE, requests: -1 }, LEASE),
      ).rejects.toBeInstanceOf(TypeError);
    }
    expect(events).toEqual([]);
  });
});
