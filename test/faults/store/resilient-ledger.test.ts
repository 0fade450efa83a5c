import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Claim, LedgerError } from '../../../src/index.ts';
import type { StoreFault } from './faulty-store.ts';
import {
  balance,
  claim,
  concurrent,
  credits,
  DEADLINE_MS,
  LEASE,
  money,
  ONE,
  pass,
  quota,
  rate,
  setUp,
  shadow,
  slowRate,
  spilling,
  within,
} from './on-faulty-store.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const faults: readonly StoreFault[] = ['refused', 'silent', 'reset', 'lost', 'late'];

describe.each(faults)('A store with the fault "%s"', (fault) => {
  const rows: readonly [string, readonly Claim[], 'denies' | 'serves'][] = [
    ['a quota', [claim(quota)], 'denies'],
    ['money as a rate', [claim(money)], 'denies'],
    ['a rate', [claim(rate)], 'serves'],
    ['concurrency', [claim(concurrent)], 'serves'],
    ['a rate and a quota', [claim(rate), claim(quota)], 'denies'],
    ['a quota with "allow"', [claim(quota, 'allow')], 'serves'],
    ['money with "local"', [claim(money, 'local')], 'serves'],
    ['a rate with "deny"', [claim(rate, 'deny')], 'denies'],
    ['a balance', [claim(balance)], 'denies'],
    ['a shadow quota', [claim(shadow(quota))], 'serves'],
    ['a shadow rate', [claim(shadow(rate))], 'serves'],
    ['a shadow quota with "deny"', [claim(shadow(quota), 'deny')], 'serves'],
    ['a shadow quota of 0', [claim(shadow({ ...quota, amount: 0 }))], 'serves'],
    ['a limit that spills', [claim(spilling), claim(credits)], 'denies'],
    ['a limit that spills with "local"', [claim(spilling, 'local'), claim(credits)], 'serves'],
    ['a limit that spills with "allow"', [claim(spilling, 'allow'), claim(credits)], 'serves'],
    ['no limit at all', [], 'serves'],
  ];
  it.each(rows)('A reserve under %s is decided within 250 ms', async (_, claims, decision) => {
    const { store, ledger } = setUp();
    store.fault = fault;
    const first = await within(250, ledger.reserve('a', claims, ONE, LEASE));
    const second = await within(250, ledger.reserve('b', claims, ONE, LEASE));
    for (const outcome of [first, second]) {
      if (decision === 'denies') expect(outcome).toBeInstanceOf(LedgerError);
      else expect(outcome).toMatchObject({ granted: true, degraded: true });
    }
  });

  it('Calls get no more than the local share while the store fails, and a denial names the limits in the way', async () => {
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

  it('A limit that spills gives out its local share while the store fails, without credits', async () => {
    const { store, ledger } = setUp({ processes: 4 });
    await ledger.credit('bought', [claim(credits)], { ...ONE, requests: 100 });
    store.fault = fault;
    const claims = [claim(credits), claim(spilling, 'local')];
    for (const call of ['first', 'second']) {
      const outcome = await within(250, ledger.reserve(call, claims, ONE, LEASE));
      expect(outcome).toMatchObject({ granted: true, degraded: true });
    }
    const outcome = await within(250, ledger.reserve('third', claims, ONE, LEASE));
    expect(outcome).toMatchObject({ granted: false, degraded: true, violations: [{ claim: 1 }] });
  });

  it('What is served while the store fails is counted in shadows and limits that spill after it', async () => {
    const { store, ledger, used } = setUp();
    await ledger.credit('bought', [claim(credits)], { ...ONE, requests: 5 });
    store.fault = fault;
    const rules = [shadow({ ...quota, amount: 0 }), shadow(slowRate), spilling, credits];
    const claims = rules.map((rule) => claim(rule, 'allow'));
    for (let call = 0; call < 10; call += 1) {
      const id = `during-${call}`;
      const outcome = await within(250, ledger.reserve(id, claims, ONE, LEASE));
      expect(outcome).not.toHaveProperty('wouldDeny');
      expect(await within(250, ledger.settle(id, ONE))).toBe('queued');
    }
    await pass(60_000);
    store.fault = undefined;
    await pass(2_000);
    const counted = await Promise.all(rules.map(used));
    expect(counted.map((counts) => counts?.used)).toEqual([10, 10, 10, -5]);
  });

  it('A cost that fits a limit but never its local share is denied with a LedgerError', async () => {
    const { store, ledger } = setUp({ processes: 4 });
    store.fault = fault;
    const reserve = (id: string, requests: number) =>
      within(250, ledger.reserve(id, [claim(rate)], { ...ONE, requests }, LEASE));
    expect(await reserve('large', 3)).toBeInstanceOf(LedgerError);
    expect(await reserve('small', 2)).toMatchObject({ granted: true });
    expect(await reserve('next', 2)).toMatchObject({ granted: false });
  });

  it('A store is used normally within 2 s of its return and keeps no unwanted holds', async () => {
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

  it('A failing store receives only probes, at most one per second', async () => {
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

  it('Every charge of an outage is posted once after it', async () => {
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

  it('A request that a release leaves in a rate during an outage is counted once after it', async () => {
    const { store, ledger, used } = setUp();
    const claims = [claim(slowRate), claim(quota, 'allow'), claim(concurrent)];
    await ledger.reserve('before', claims, ONE, LEASE);
    store.fault = fault;
    expect(await within(250, ledger.release('before', { keepsRates: true }))).toBe('queued');
    for (const keepsRates of [true, false]) {
      await within(250, ledger.reserve(`during-${keepsRates}`, claims, ONE, LEASE));
      const released = await within(250, ledger.release(`during-${keepsRates}`, { keepsRates }));
      expect(released).toBe(keepsRates ? 'queued' : 'done');
    }
    await pass(60_000);
    store.fault = undefined;
    await pass(2_000);
    expect(await used(slowRate)).toEqual({ used: 2, held: 0 });
    expect(await used(quota)).toEqual({ used: 0, held: 0 });
    expect(await used(concurrent)).toEqual({ used: 0, held: 0 });
  });

  it('An operator can write as soon as the store is reachable again', async () => {
    const { store, ledger } = setUp();
    store.fault = fault;
    for (let call = 0; call < 4; call += 1) await within(250, ledger.read([]));
    store.fault = undefined;
    expect(await within(0, ledger.records.put('user:ada', '{}'))).toBe(true);
  });
});

describe('A reserve with a lost reply', () => {
  it.each(['reset', 'lost', 'late'] as const)('A lost reply (%s) leaves no hold', async (fault) => {
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

  it('A reserve that arrives after its own release leaves no hold behind', async () => {
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

  it('A reserve leaves no hold behind when its release is lost too', async () => {
    const { store, ledger, used } = setUp();
    store.faults.set('reserve', 'lost').set('release', 'silent');
    await within(250, ledger.reserve('a', [claim(quota)], ONE, LEASE));
    expect(await used()).toEqual({ used: 0, held: 1 });
    store.faults.clear();
    await pass(2_000);
    expect(await used()).toEqual({ used: 0, held: 0 });
  });
});

describe('A slow store', () => {
  it('A slow store is still called by every call as long as it answers, though each is decided without it', async () => {
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

  it('A store counts as failing when it has answered nothing for half a second', async () => {
    const { store, ledger, events } = setUp();
    await ledger.reserve('well', [claim(quota)], ONE, LEASE);
    store.fault = 'silent';
    for (const known of [[], [], ['degraded']]) {
      await within(250, ledger.reserve('x', [claim(quota)], ONE, LEASE));
      expect(events).toEqual(known);
    }
  });

  it('A store that answers within the deadline changes nothing', async () => {
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

  it('A store that is slow for one account stays open to the others', async () => {
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

describe('A store that returns errors', () => {
  it('A store counts as failing after three errors in a row, but not after two', async () => {
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

  it('A store that can be read but not written stays failing, because the probe writes', async () => {
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

  it('A mistake in the arguments does not count as a store failure', async () => {
    const { ledger, events } = setUp();
    for (let call = 0; call < 5; call += 1) {
      await expect(
        ledger.reserve('x', [claim(quota)], { ...ONE, requests: -1 }, LEASE),
      ).rejects.toBeInstanceOf(TypeError);
    }
    expect(events).toEqual([]);
  });
});
