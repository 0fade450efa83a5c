import { describe, expect, it } from 'vitest';
import { type DenialCode, denialCodes, LedgerError } from '../../src/index.ts';
import { limitCounts } from '../attacks/served.ts';
import { canaries, chat, codeOf, post, startFixture, tokenOf } from '../fixture.ts';
import { incoming } from './incoming.ts';
import { ownTime } from './own-time.ts';
import { plans } from './proxied.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

interface Failure {
  readonly name: string;
  readonly fail: () => Promise<never>;
  /** The denial codes that an app may receive. */
  readonly codes: readonly string[];
}

const driverError = () => new Error('connect ECONNREFUSED 10.0.0.7:6379');
const failures: readonly Failure[] = [
  {
    name: 'rejects with a LedgerError',
    fail: () => Promise.reject(new LedgerError('10.0.0.7 is down')),
    codes: ['ledger_unavailable'],
  },
  {
    name: 'rejects with a driver error',
    fail: () => Promise.reject(driverError()),
    codes: ['ledger_unavailable', 'internal_error'],
  },
  {
    name: 'throws synchronously',
    fail: () => {
      throw driverError();
    },
    codes: ['ledger_unavailable', 'internal_error'],
  },
];

/** The call waits for this key between hold and dispatch, so the ledger is called once more. */
const lookedUpKey = async () => canaries.apiKey;

describe.each(failures)('A ledger that $name', ({ fail, codes }) => {
  it.each(['reserve', 'records.get', 'renew'] as const)(
    'A ledger failure in "%s" fails the call, and nothing reaches OpenAI',
    async (verb) => {
      const ledger = watchedLedger();
      await using fixture = await startFixture({ plans, ledger, apiKey: lookedUpKey });
      const { fake, guard } = fixture;
      const token = await tokenOf(guard);
      ledger.faults.set(verb, fail);
      const answer = await post(guard, token, chat());
      const text = await answer.text();
      const { code } = (JSON.parse(text) as { error: { code: DenialCode } }).error;
      expect(codes).toContain(code);
      expect(answer.status).toBe(denialCodes[code].status);
      expect(text).not.toContain('10.0.0.7');
      expect(fixture.failed).toHaveLength(1);
      expect(fake.requests).toHaveLength(0);
      ledger.faults.clear();
      expect(allEndings(ledger)).toEqual(verb === 'renew' ? [['release']] : []);
      expect((await post(guard, token, chat())).status).toBe(200);
    },
  );

  it.each([false, true])(
    'A ledger failure in "settle" never breaks the answer, and the charge is posted later ("stream": %s)',
    async (stream) => {
      const ledger = watchedLedger();
      await using fixture = await startFixture({ plans, ledger });
      const { fake, guard } = fixture;
      const token = await tokenOf(guard);
      fake.scriptNext({ text: 'whole answer' }, 2);
      ledger.faults.set('settle', fail);
      const answer = await post(guard, token, chat({ stream }));
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain(stream ? '[DONE]' : 'whole answer');
      await expect.poll(() => fixture.failed.map(({ source: what }) => what)).toEqual(['ledger']);
      expect(fixture.settled).toMatchObject([{ degraded: true, estimated: false }]);
      expect(allEndings(ledger)).toEqual([[]]);
      ledger.faults.clear();
      await expect.poll(() => allEndings(ledger)).toEqual([['settle']]);
    },
  );

  it('A ledger failure in "release" never breaks the denial', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { fake, guard } = fixture;
    ledger.faults.set('release', fail);
    fake.scriptNext({ reply: { status: 500, body: '' } });
    const answer = await post(guard, await tokenOf(guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
    await expect
      .poll(() => fixture.failed.map(({ source: what }) => what))
      .toEqual(['upstream', 'ledger']);
  });

  it('A failed "renew" during a stream is repeated, and the stream continues', async () => {
    using time = ownTime();
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger, clock: time.clock });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', betweenChunks: gate });
    const stream = incoming(await post(guard, await tokenOf(guard), chat({ stream: true })));
    await gate.arrived();
    const before = ledger.renewals.length;
    ledger.faults.set('renew', fail);
    time.pass(40_000);
    await new Promise(setImmediate);
    ledger.faults.clear();
    time.pass(1_000);
    expect(ledger.renewals.length).toBe(before + 2);
    gate.open();
    expect(await stream.whole()).toContain('[DONE]');
    await expect.poll(() => allEndings(ledger)).toEqual([['settle']]);
  });
});

describe('The dispatched mark of a hold', () => {
  const leases = () => {
    const ledger = watchedLedger();
    const reserved: boolean[] = [];
    const { reserve } = ledger;
    const noting: typeof reserve = (id, claims, held, lease) => {
      reserved.push(lease.dispatched);
      return reserve(id, claims, held, lease);
    };
    return { ledger: { ...ledger, reserve: noting }, reserved, renewals: ledger.renewals };
  };

  it('A call that is sent immediately is marked as dispatched by its reserve', async () => {
    const { ledger, reserved, renewals } = leases();
    await using fixture = await startFixture({ plans, ledger });
    await (await post(fixture.guard, await tokenOf(fixture.guard), chat())).text();
    expect([reserved, renewals]).toEqual([[true], []]);
  });

  it('A call that waits for its key is marked as dispatched just before it is sent', async () => {
    const { ledger, reserved, renewals } = leases();
    await using fixture = await startFixture({ plans, ledger, apiKey: lookedUpKey });
    await (await post(fixture.guard, await tokenOf(fixture.guard), chat())).text();
    expect([reserved, renewals]).toMatchObject([[false], [{ dispatched: true }]]);
  });

  it('A call that waits in the queue is marked as dispatched just before it is sent', async () => {
    const { ledger, reserved, renewals } = leases();
    await using fixture = await startFixture({ plans, ledger, bounds: { inFlight: 1 } });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const first = post(guard, await tokenOf(guard, 'first'), chat());
    await gate.arrived();
    const second = post(guard, await tokenOf(guard, 'second'), chat());
    await expect.poll(() => reserved.length).toBe(2);
    gate.open();
    await Promise.all([first, second].map(async (answer) => (await answer).text()));
    expect([reserved, renewals]).toMatchObject([[true, false], [{ dispatched: true }]]);
  });
});

describe('A reserve with a lost reply', () => {
  it('A reserve with a lost reply gives its hold back and fails the call', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { fake, guard } = fixture;
    const token = await tokenOf(guard);
    ledger.loseNextReserveReply = true;
    expect((await post(guard, token, chat())).status).toBeGreaterThanOrEqual(500);
    expect(fake.requests).toHaveLength(0);
    expect(allEndings(ledger)).toEqual([['release']]);
    expect(await limitCounts(guard, 'ada')).toEqual({ used: 0, held: 0 });
    expect(await limitCounts(guard, 'ada', 'concurrent')).toEqual({ used: 0, held: 0 });
  });
});
