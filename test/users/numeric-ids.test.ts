import { describe, expect, it } from 'vitest';
import { authenticate, bearer } from '../../src/auth/index.ts';
import type { UserId } from '../../src/index.ts';
import { chat, MODEL, post, startFixture } from '../fixture.ts';

const plans = { free: { models: [MODEL], limits: [{ requests: 5, per: 'day' }] } };
const KEY = 'a-key-of-16-characters';

/** Each names the user 42 and makes one call. */
const ways: Readonly<Record<string, (id: UserId) => Promise<string>>> = {
  'authenticate, as an id': (id) => callAs({ auth: authenticate(() => id) }),
  'authenticate, as a user': (id) => callAs({ auth: authenticate(async () => ({ id })) }),
  'an authenticator of one’s own': (id) =>
    callAs({ auth: { authenticate: () => ({ user: { id: id as string } }) } }),
  bearer: (id) => callAs({ auth: bearer({ [KEY]: { id } }) }),
};

async function callAs(options: object): Promise<string> {
  await using fixture = await startFixture({ plans, ...options });
  await (await post(fixture.guard, KEY, chat())).text();
  return fixture.settled.map(({ userId }) => userId).join();
}

describe('A user id that is a number', () => {
  it.each(Object.entries(ways))('By %s it stands for its decimal text', async (_name, userOf) => {
    expect(await userOf(42)).toBe('42');
    expect(await userOf(9_007_199_254_740_993n)).toBe('9007199254740993');
  });

  it('In every call of the guard it is the same user as its decimal text', async () => {
    await using fixture = await startFixture({ plans });
    const { guard } = fixture;
    const { tokens, users } = guard;
    await guard.client(42).chat.completions.create(chat() as never);
    await guard.client({ id: 42n }).chat.completions.create(chat() as never);
    const { value } = await tokens.issue({ user: 42 });
    await (await post(guard, value, chat())).text();
    expect(await users.usage('42')).toMatchObject({ userId: '42', limits: [{ used: 3 }] });
    await users.merge(42, 43);
    expect(await users.usage(43)).toMatchObject({ userId: '43', limits: [{ used: 3 }] });
    await users.setPlan(42, 'free');
    await users.setLimits(42, [{ requests: 9, per: 'day' }]);
    await users.grant(42, { requests: 2 });
    expect(await users.usage('42')).toMatchObject({ limits: [{ limit: 9, used: 1 }] });
    await users.reset(42);
    await users.changed(42);
    await users.block(42, { reason: 'abuse' });
    expect(await users.usage('42')).toMatchObject({ block: { reason: 'abuse' } });
    await users.unblock(42);
    await tokens.revokeAll(42);
    expect((await post(guard, value, chat())).status).toBe(401);
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, true, null, {}, []])(
    '%s is refused, because it names no user exactly',
    async (id) => {
      await using fixture = await startFixture({ plans });
      const { guard } = fixture;
      const wrong = id as UserId;
      expect(() => guard.client(wrong)).toThrow(/^"user(\.id)?": must be the id of a user/);
      await expect(guard.tokens.issue({ user: wrong })).rejects.toThrow(/^"tokens.issue.user/);
      await expect(guard.users.block(wrong, { reason: 'x' })).rejects.toThrow(/^"users.block"/);
      await expect(guard.users.usage({ id: wrong })).rejects.toThrow(/^"users.usage.id": must be/);
    },
  );
});
