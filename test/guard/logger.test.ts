import { describe, expect, it, vi } from 'vitest';
import type { GuardEvents, GuardOptions } from '../../src/index.ts';
import { faultyStore } from '../faults/store/faulty-store.ts';
import { chat, MODEL } from '../fixture.ts';
import { startLogged } from './logged.ts';

const two = { a: { models: [MODEL] }, b: { models: [MODEL] } };
const secretive = () => {
  throw new Error('no key: postgres://app:hunter2222@db/ Bearer abcdefghijkl sk-live-1234567890');
};

const mistakes: readonly [string, Partial<GuardOptions>, RegExp][] = [
  ['a missing planOf', { plans: two }, /set the option "planOf", or issue tokens with "plan"/],
  ['a plan that does not exist', { planOf: () => 'prro' }, /"prro"/],
  ['a hook that throws', { endUserId: secretive }, /no key: postgres:\/\/app:\[redacted\]@db/],
  [
    'a user id that is no text',
    { auth: { authenticate: () => ({ user: { id: {} as string } }) } },
    /"auth.user.id": must be the id of a user/,
  ],
];

describe('The option logger', () => {
  it.each(mistakes)(
    'Without a listener, %s is one line that says what to do',
    async (_, options, says) => {
      await using logged = await startLogged(options);
      expect(await logged.ask()).toBe(500);
      expect(logged.lines).toHaveLength(1);
      expect(logged.lines[0]).toMatch(/^error guarded-completion: internal: /);
      expect(logged.lines[0]).toMatch(says);
      expect(logged.lines[0]).not.toMatch(/hunter2222|abcdefghijkl|sk-live/);
    },
  );

  it('A failure of one kind is printed once a minute, and the next line counts those between', async () => {
    await using logged = await startLogged({ plans: two });
    for (let calls = 0; calls < 4; calls += 1) await logged.ask();
    logged.forward(59_000);
    await logged.ask();
    expect(logged.lines).toHaveLength(1);
    logged.forward(1_000);
    await logged.ask();
    await logged.ask();
    expect(logged.lines).toHaveLength(2);
    expect(logged.lines[0]).not.toContain('more of this kind');
    expect(logged.lines[1]).toContain('(4 more of this kind were not printed.)');
  });

  it('A listener of failed takes the failures from the log, until it is removed', async () => {
    await using logged = await startLogged({ plans: two });
    const heard = vi.fn();
    const stop = logged.guard.on('failed', heard);
    await logged.ask();
    expect([heard.mock.calls.length, logged.lines.length]).toEqual([1, 0]);
    stop();
    await logged.ask();
    expect([heard.mock.calls.length, logged.lines.length]).toEqual([1, 1]);
  });

  it('Without the option the lines go to the console, and with false nowhere', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { logger: _, ...unset } = { logger: undefined, plans: two };
    for (const options of [
      { ...unset, logger: console },
      { ...unset, logger: false as const },
    ]) {
      await using logged = await startLogged(options);
      await logged.ask();
    }
    expect(error).toHaveBeenCalledTimes(1);
    error.mockRestore();
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('A logger that %s changes nothing for the call', async (_, fail) => {
    await using logged = await startLogged({ plans: two, logger: { error: fail, warn: fail } });
    expect(await logged.ask()).toBe(500);
  });

  it('A store that fails and recovers is a warning each', async () => {
    const store = faultyStore();
    const limits = [{ requests: 9, per: 'day', onLedgerFailure: 'allow' }] as const;
    await using logged = await startLogged({
      ledger: store,
      plans: { free: { models: [MODEL], maxOutputTokens: 100, limits } },
    });
    store.fault = 'refused';
    for (let calls = 0; calls < 5; calls += 1) await logged.ask();
    expect(logged.lines.join('\n')).toMatch(
      /warn .*The store of the ledger fails: .*"onLedgerFailure"/,
    );
    store.fault = undefined;
    await expect.poll(() => logged.lines.join('\n')).toMatch(/works again after \d+ s/);
  });

  it('A start warning goes to a given logger, and with false nowhere', async () => {
    const plans = { free: { models: [MODEL], limits: [{ tokens: 9_000, per: 'day' }] } } as const;
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await using logged = await startLogged({ plans });
    expect(logged.lines[0]).toMatch(/^warn guarded-completion: Plan "free": its limit/);
    await using silent = await startLogged({ plans, logger: false });
    expect([warn.mock.calls.length, silent.lines]).toEqual([0, []]);
    warn.mockRestore();
  });

  it.each([{ error: () => {} }, 'console', true])(
    'The logger %o is a TypeError',
    async (logger) => {
      await expect(startLogged({ logger: logger as never })).rejects.toThrow(
        '"options.logger": must have the methods "error" and "warn", or be false',
      );
    },
  );
});

describe('A listener that fails', () => {
  it.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('billing broke');
      },
    ],
    ['rejects', () => Promise.reject(new Error('billing broke'))],
  ])('A listener that %s is a failed event that names its event', async (_, listener) => {
    await using logged = await startLogged();
    logged.guard.on('settled', listener);
    expect(await logged.ask()).toBe(200);
    await expect.poll(() => logged.lines).toHaveLength(1);
    expect(logged.lines[0]).toContain(
      'listener: billing broke. Correct the listener of "settled".',
    );
    const failed: GuardEvents['failed'][] = [];
    logged.guard.on('failed', (event) => void failed.push(event));
    await logged.ask(chat());
    await expect
      .poll(() => failed)
      .toMatchObject([
        { source: 'listener', listener: 'settled', error: { message: 'billing broke' } },
      ]);
  });

  it('A listener of failed that throws is printed, and is not told of itself', async () => {
    await using logged = await startLogged({ plans: two });
    let calls = 0;
    logged.guard.on('failed', () => {
      calls += 1;
      throw new Error('no alarm');
    });
    expect(await logged.ask()).toBe(500);
    expect(calls).toBe(1);
    expect(logged.lines).toEqual([
      'error guarded-completion: listener: no alarm. Correct the listener of "failed".',
    ]);
  });

  it('An event that does not exist is a TypeError that lists those that do', async () => {
    await using logged = await startLogged();
    const { guard } = logged;
    expect(() => guard.on('settle' as never, () => {})).toThrow(
      /^"guard\.on": there is no event "settle"\. Use one of "settled", .*"recovered"$/,
    );
    expect(() => guard.on('settled', undefined as never)).toThrow(
      '"guard.on": the listener of "settled" must be a function',
    );
  });
});
