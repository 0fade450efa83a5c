import { describe, expect, it } from 'vitest';
import { authenticate } from '../../src/auth/authenticate.ts';
import type { GuardEvents, GuardOptions } from '../../src/index.ts';
import { limitCounts, nextSettled } from '../attacks/served.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { plans } from './proxied.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

const timeouts = { hook: '30ms' };
const PRIVATE = 'the inside of a hook';

/** What a hook may do instead of returning a valid value. */
const misdeeds: readonly [string, () => never][] = [
  ['throws', () => raise()],
  ['rejects', () => Promise.reject(new Error(PRIVATE)) as never],
  ['rejects with undefined', () => Promise.reject(undefined) as never],
  ['hangs', () => new Promise(() => {}) as never],
  ['returns NaN', () => Number.NaN as never],
  ['returns null', () => Promise.resolve(null) as never],
  ['returns an object', () => ({ plan: 'free' }) as never],
  ['returns an empty string', () => '' as never],
  ['returns a string with a line end', () => 'sk\r\nx-evil: 1' as never],
];

function raise(): never {
  throw new Error(PRIVATE);
}

const hooks: readonly [string, (misdeed: () => never) => Partial<GuardOptions>][] = [
  ['apiKey', (misdeed) => ({ apiKey: misdeed })],
  ['planOf', (misdeed) => ({ planOf: misdeed })],
  ['endUserId', (misdeed) => ({ endUserId: misdeed })],
  ['auth', (misdeed) => ({ auth: { authenticate: misdeed } })],
];
const cases = hooks
  .flatMap(([hook, optionsOf]) =>
    misdeeds.map(([name, misdeed]) => ({ hook, name, options: optionsOf(misdeed) })),
  )
  // An end-user id with a line end is valid: OpenAI receives it unchanged.
  .filter(({ hook, name }) => !(hook === 'endUserId' && name.includes('line end')));

describe('A misbehaving hook', () => {
  it.each(cases)(
    'A call fails closed when the hook "$hook" $name',
    async ({ hook, name, options }) => {
      const ledger = watchedLedger();
      await using fixture = await startFixture({ plans, ledger, timeouts, ...options });
      const { fake, guard } = fixture;
      const answer = await post(guard, await tokenOf(guard), chat());
      const text = await answer.text();
      const { error } = JSON.parse(text) as { error: { code: string } };
      // A login provider that does not respond is not the caller's fault, so the call may be
      // retried.
      const away = hook === 'auth' && name === 'hangs';
      const expected = away ? [503, 'auth_unavailable'] : [500, 'internal_error'];
      expect([answer.status, error.code]).toEqual(expected);
      expect(answer.headers.get('x-should-retry')).toBe(away ? null : 'false');
      expect(text).not.toContain(PRIVATE);
      expect(fake.requests).toHaveLength(0);
      expect(fixture.failed).toHaveLength(1);
      const held = hook === 'apiKey' || hook === 'endUserId';
      expect(allEndings(ledger)).toEqual(held ? [['release']] : []);
    },
  );

  it('A hook that authenticates no user fails the call like a bad credential', async () => {
    await using fixture = await startFixture({ plans, auth: authenticate(() => null) });
    const answer = await post(fixture.guard, 'any', chat());
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'invalid_credential']);
  });

  it('A call with an unknown plan fails, and works again once planOf returns a known plan', async () => {
    let plan = 'none';
    await using fixture = await startFixture({
      plans,
      planOf: async () => plan,
      timeouts,
    });
    const token = await tokenOf(fixture.guard);
    expect((await post(fixture.guard, token, chat())).status).toBe(500);
    plan = 'free';
    expect((await post(fixture.guard, token, chat())).status).toBe(200);
  });

  it('A hook that hung once is called again by the next call', async () => {
    const answers = [new Promise<string>(() => {}), Promise.resolve('free')];
    await using fixture = await startFixture({
      plans,
      planOf: () => answers.shift() ?? 'free',
      timeouts,
    });
    const token = await tokenOf(fixture.guard);
    expect((await post(fixture.guard, token, chat())).status).toBe(500);
    expect((await post(fixture.guard, token, chat())).status).toBe(200);
  });
});

const observers: readonly [string, () => void | Promise<void>][] = [
  ['throws', () => raise()],
  ['rejects', () => Promise.reject(new Error(PRIVATE))],
  ['hangs', () => new Promise(() => {})],
];

describe('A misbehaving event listener', () => {
  it.each(observers)(
    'A listener that %s affects neither the call nor the other listeners',
    async (_, listener) => {
      await using fixture = await startFixture({ plans });
      const { fake, guard } = fixture;
      const names: (keyof GuardEvents)[] = ['settled', 'released', 'denied', 'failed', 'blocked'];
      for (const name of names) guard.on(name, listener);
      const token = await tokenOf(guard);
      const settled = nextSettled(guard, 'ada');
      expect((await post(guard, token, chat())).status).toBe(200);
      const { inputTokens, outputTokens } = fake.invoice[0] ?? {};
      expect(await settled).toMatchObject({ inputTokens, outputTokens });
      expect((await post(guard, token, chat({ model: 'gpt-x' }))).status).toBe(403);
      await guard.users.block('ada', { reason: 'abuse' });
      expect(await codeOf(await post(guard, token, chat()))).toBe('user_blocked');
      expect(fixture.denied.map(({ code }) => code)).toEqual(['model_not_allowed', 'user_blocked']);
      expect(await limitCounts(guard, 'ada')).toEqual({ used: 1, held: 0 });
    },
  );

  it('A removed listener receives no more events', async () => {
    await using fixture = await startFixture({ plans: { free: { models: [MODEL] } } });
    let heard = 0;
    const stop = fixture.guard.on('denied', () => {
      heard += 1;
    });
    await post(fixture.guard, 'nobody', chat());
    stop();
    await post(fixture.guard, 'nobody', chat());
    expect([heard, fixture.denied.length]).toEqual([1, 2]);
  });
});
