import * as crypto from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { bearer } from '../../src/auth/bearer.ts';
import { createGuardedCompletion } from '../../src/index.ts';
import { chat, post, startFixture, tokenOf } from '../fixture.ts';

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});
const compare = vi.mocked(crypto.timingSafeEqual);
beforeEach(() => {
  compare.mockClear();
});

const keys = Object.fromEntries(
  Array.from({ length: 7 }, (_, index) => [`backend-key-number-${index}`, `user-${index}`]),
);

describe('Constant-time comparison', () => {
  it.each(['backend-key-number-0', 'backend-key-number-6', 'another-key-altogether', 'x'])(
    'Every fixed key is compared as a digest of constant length for the credential %s',
    async (credential) => {
      await using fixture = await startFixture({ auth: bearer(keys) });
      await post(fixture.guard, credential, chat());
      expect(compare).toHaveBeenCalledTimes(7);
      for (const [a, b] of compare.mock.calls) {
        expect([a.byteLength, b.byteLength]).toEqual([32, 32]);
      }
    },
  );

  it('The complete seal of a user token is compared before the store is read', async () => {
    await using fixture = await startFixture();
    const token = await tokenOf(fixture.guard);
    // A forged one is compared with the seal of earlier tokens, too.
    const compared = [
      [token, 1],
      [`gct_${'A'.repeat(64)}`, 2],
      [token.slice(0, -1), 0],
    ] as const;
    for (const [value, times] of compared) {
      compare.mockClear();
      await post(fixture.guard, value, chat());
      expect(compare).toHaveBeenCalledTimes(times);
      for (const [a, b] of compare.mock.calls) expect(a.byteLength).toBe(b.byteLength);
    }
  });
});

describe('A fixed key', () => {
  const character = fc.constantFrom(...'abAB01-._~+/=');
  const credential = fc.string({ unit: character, minLength: 16, maxLength: 24 });
  it('A fixed key accepts only itself', async () => {
    const other = fc.oneof(credential, fc.string(), fc.constant(''));
    const property = fc.asyncProperty(credential, other, async (key, presented) => {
      const auth = bearer({ [key]: 'ada' });
      const ask = (value: string) => auth.authenticate(requestWith(value), NO_CONTEXT);
      expect(await ask(key)).toEqual({ user: { id: 'ada' } });
      expect(await ask(presented)).toEqual(presented === key ? { user: { id: 'ada' } } : undefined);
      expect(await ask(key.slice(0, -1))).toBeUndefined();
      expect(await ask(`${key}a`)).toBeUndefined();
      const swapped = key === key.toUpperCase() ? key.toLowerCase() : key.toUpperCase();
      if (swapped !== key) expect(await ask(swapped)).toBeUndefined();
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('A fixed key that could be guessed throws at startup', () => {
    for (const key of ['', 'short', 'x'.repeat(15)]) {
      expect(() => bearer({ [key]: 'ada' })).toThrow(TypeError);
    }
  });
});

const NO_CONTEXT = {
  verifyUserToken: () => Promise.resolve(undefined),
  pseudonymOf: (text: string) => text,
};
function requestWith(credential: string) {
  return {
    method: 'POST',
    path: '/chat/completions',
    query: '',
    host: undefined,
    header: (name: string) => (name === 'authorization' ? `Bearer ${credential}` : undefined),
    readBody: () => Promise.reject(new Error('not read')),
    onDisconnect: () => {},
  };
}

describe('A guard with a missing or weak secret', () => {
  it.each([undefined, null, '', 'x'.repeat(31), 32, {}, new Uint8Array(31), 'ключ'.repeat(3)])(
    'A guard with the secret %o throws at startup',
    (secret) => {
      const options = {
        apiKey: 'sk-x',
        secret: secret as never,
        plans: { free: { models: ['*'] } },
      };
      expect(() => createGuardedCompletion(options)).toThrow(/"secret".*32 bytes/);
    },
  );

  it.each([undefined, ''])('A guard with the upstream key %o throws at startup', (apiKey) => {
    const options = {
      apiKey: apiKey as never,
      secret: 's'.repeat(32),
      plans: { free: { models: ['*'] } },
    };
    expect(() => createGuardedCompletion(options)).toThrow(/"options\.apiKey"/);
  });
});
