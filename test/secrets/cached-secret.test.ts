import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type CachedSecretOptions, cachedSecret } from '../../src/secrets/index.ts';

const MINUTE_MS = 60_000;

/** A secret manager that returns what the test sets and counts its reads. */
function manager(options: CachedSecretOptions = {}) {
  const state = { nowMs: Date.now(), reads: 0, answer: async (): Promise<unknown> => 'first' };
  const load = (): Promise<string> => {
    state.reads += 1;
    return state.answer() as Promise<string>;
  };
  const secret = cachedSecret(load, { ...options, clock: { nowMs: () => state.nowMs } });
  return { state, secret };
}

const fails = async (): Promise<never> => {
  throw new Error('the manager is down');
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('cachedSecret', () => {
  it('Simultaneous calls read the secret once, and no call reads it again while it is fresh', async () => {
    const { state, secret } = manager();
    const answers = await Promise.all(Array.from({ length: 100 }, () => secret()));
    expect(new Set(answers)).toEqual(new Set(['first']));
    state.nowMs += 5 * MINUTE_MS - 1;
    expect(secret()).toBe('first');
    expect(state.reads).toBe(1);
  });

  it('An old secret is read again in the background', async () => {
    const { state, secret } = manager({ ttl: '1m' });
    await secret();
    state.answer = async () => 'second';
    state.nowMs += MINUTE_MS;
    expect(secret()).toBe('first');
    await settled();
    expect(secret()).toBe('second');
    expect(state.reads).toBe(2);
  });

  it('The old secret is served while reading fails, up to staleFor', async () => {
    const { state, secret } = manager({ ttl: '1m', staleFor: '1h' });
    await secret();
    state.answer = fails;
    state.nowMs += 59 * MINUTE_MS;
    expect(secret()).toBe('first');
    await settled();
    state.nowMs += MINUTE_MS;
    await expect(secret()).rejects.toThrow('The secret could not be read');
  });

  it('A failing manager is read again only after 1, 2, 4 … 30 seconds', async () => {
    const { state, secret } = manager();
    state.answer = fails;
    const readsAfter = async (waitMs: number) => {
      state.nowMs += waitMs;
      for (let ask = 0; ask < 10; ask += 1) await Promise.resolve(secret()).catch(() => {});
      return state.reads;
    };
    expect(await readsAfter(0)).toBe(1);
    expect(await readsAfter(999)).toBe(1);
    expect(await readsAfter(1)).toBe(2);
    expect(await readsAfter(1_999)).toBe(2);
    expect(await readsAfter(1)).toBe(3);
    for (let reads = 4; reads < 12; reads += 1) expect(await readsAfter(30_000)).toBe(reads);
    state.answer = async () => 'back';
    state.nowMs += 30_000;
    expect(await secret()).toBe('back');
  });

  it('A refused secret is read again once for all refused calls, at most once a second', async () => {
    const { state, secret } = manager();
    await secret();
    state.answer = async () => 'second';
    state.nowMs += 1_000;
    const refused = Array.from({ length: 50 }, () => secret('ada', { refused: 'first' }));
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['second']));
    expect(state.reads).toBe(2);
    // A call that was refused with the old secret gets the new one without another read.
    expect(secret('ada', { refused: 'first' })).toBe('second');
    expect(secret('ada', { refused: 'second' })).toBe('second');
    expect(state.reads).toBe(2);
  });

  it.each([
    ['hangs', () => new Promise(() => {})],
    ['returns undefined', async () => undefined],
    ['returns an empty string', async () => ' \n'],
    ['returns an object', async () => ({ key: 'sk-x' })],
    ['throws at once', () => raise()],
  ])('cachedSecret throws when its load function %s', async (_, answer) => {
    const { state, secret } = manager({ timeout: '20ms' });
    state.answer = answer as never;
    await expect(Promise.resolve().then(() => secret())).rejects.toThrow();
  });

  it('The trailing newline that many managers keep is removed', async () => {
    const { state, secret } = manager();
    state.answer = async () => 'sk-1\n';
    expect(await secret()).toBe('sk-1');
  });

  it('Printing cachedSecret shows nothing of the secret', async () => {
    const { secret } = manager();
    await secret();
    expect(inspect(secret, { depth: 9, showHidden: true })).not.toContain('first');
    expect(JSON.stringify({ secret })).toBe('{}');
  });

  it.each([{ ttl: 'soon' }, { staleFor: '' }, { timeout: '-1s' }, { tll: '5m' }])(
    'cachedSecret throws a TypeError for %j',
    (options) => {
      expect(() => cachedSecret(async () => 'x', options as never)).toThrow(/"cachedSecret/);
    },
  );
});

function raise(): never {
  throw new Error('no such region');
}
