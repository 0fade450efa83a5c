import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type CachedSecretOptions, cachedSecret } from '../../src/secrets/index.ts';

const MINUTE_MS = 60_000;

/** A secret manager that says what it is told to, and counts how often it is asked. */
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
  it('reads once for all who ask at the same time, and not again while it is fresh', async () => {
    const { state, secret } = manager();
    const answers = await Promise.all(Array.from({ length: 100 }, () => secret()));
    expect(new Set(answers)).toEqual(new Set(['first']));
    state.nowMs += 5 * MINUTE_MS - 1;
    expect(secret()).toBe('first');
    expect(state.reads).toBe(1);
  });

  it('reads anew beside the calls when it is old', async () => {
    const { state, secret } = manager({ ttl: '1m' });
    await secret();
    state.answer = async () => 'second';
    state.nowMs += MINUTE_MS;
    expect(secret()).toBe('first');
    await settled();
    expect(secret()).toBe('second');
    expect(state.reads).toBe(2);
  });

  it('goes on serving what it has while reading fails, and then no longer', async () => {
    const { state, secret } = manager({ ttl: '1m', staleFor: '1h' });
    await secret();
    state.answer = fails;
    state.nowMs += 59 * MINUTE_MS;
    expect(secret()).toBe('first');
    await settled();
    state.nowMs += MINUTE_MS;
    await expect(secret()).rejects.toThrow('The secret could not be read');
  });

  it('leaves a manager that is down alone for 1, 2, 4 … 30 seconds', async () => {
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

  it('reads a refused secret anew, once for all who were refused and at most each second', async () => {
    const { state, secret } = manager();
    await secret();
    state.answer = async () => 'second';
    state.nowMs += 1_000;
    const refused = Array.from({ length: 50 }, () => secret('ada', { refused: 'first' }));
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['second']));
    expect(state.reads).toBe(2);
    // Who was refused with the old one has the answer already.
    expect(secret('ada', { refused: 'first' })).toBe('second');
    expect(secret('ada', { refused: 'second' })).toBe('second');
    expect(state.reads).toBe(2);
  });

  it.each([
    ['hangs', () => new Promise(() => {})],
    ['answers nothing', async () => undefined],
    ['answers an empty text', async () => ' \n'],
    ['answers an object', async () => ({ key: 'sk-x' })],
    ['throws at once', () => raise()],
  ])('throws when its reading %s', async (_, answer) => {
    const { state, secret } = manager({ timeout: '20ms' });
    state.answer = answer as never;
    await expect(Promise.resolve().then(() => secret())).rejects.toThrow();
  });

  it('cuts off the line end that many managers keep', async () => {
    const { state, secret } = manager();
    state.answer = async () => 'sk-1\n';
    expect(await secret()).toBe('sk-1');
  });

  it('shows nothing of the secret when it is printed', async () => {
    const { secret } = manager();
    await secret();
    expect(inspect(secret, { depth: 9, showHidden: true })).not.toContain('first');
    expect(JSON.stringify({ secret })).toBe('{}');
  });

  it.each([{ ttl: 'soon' }, { staleFor: '' }, { timeout: '-1s' }, { tll: '5m' }])(
    'refuses %j with a TypeError',
    (options) => {
      expect(() => cachedSecret(async () => 'x', options as never)).toThrow(/"cachedSecret/);
    },
  );
});

function raise(): never {
  throw new Error('no such region');
}
