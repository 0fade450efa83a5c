import { describe, expect, it } from 'vitest';
import { watchToken } from '../canary.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

describe('tokens.issue', () => {
  it('issue returns a value, its end in Unix seconds, and an id that is not a credential', async () => {
    const nowMs = 1_800_000_000_500;
    await using fixture = await startFixture({ clock: { nowMs: () => nowMs } });
    const token = await fixture.guard.tokens.issue({ user: 'ada', ttl: '15m' });
    expect(watchToken(token.value)).toMatch(/^gct_[A-Za-z0-9_-]{64}$/);
    expect(token.expires_at).toBe(1_800_000_900);
    expect(token.value).not.toContain(token.id);
    expect((await post(fixture.guard, token.id, chat())).status).toBe(401);
  });

  it('issue creates a new value each time, which lives for one hour by default', async () => {
    const nowMs = 1_800_000_000_000;
    await using fixture = await startFixture({ clock: { nowMs: () => nowMs } });
    const issue = () => fixture.guard.tokens.issue({ user: 'ada' });
    const [one, two] = [await issue(), await issue()];
    expect(one.value).not.toBe(two.value);
    expect(one.expires_at).toBe(1_800_003_600);
  });

  it('The options set the default and the longest lifetime of a user token', async () => {
    const nowMs = 1_800_000_000_000;
    const tokens = { ttl: '5m', ttlMax: '10m' };
    await using fixture = await startFixture({ clock: { nowMs: () => nowMs }, tokens });
    const lifeOf = async (more: object) =>
      (await fixture.guard.tokens.issue({ user: 'ada', ...more })).expires_at - nowMs / 1000;
    expect([await lifeOf({}), await lifeOf({ ttl: '7m' }), await lifeOf({ ttl: '10m' })]).toEqual([
      300, 420, 600,
    ]);
    await expect(lifeOf({ ttl: '11m' })).rejects.toThrow(
      '"tokens.issue.ttl" must be at most "10m": for longer ones raise the option "tokens.ttlMax"',
    );
  });

  it('planOf receives the plan and the claims of the issued user token', async () => {
    const asked: unknown[] = [];
    await using fixture = await startFixture({
      plans: { free: { models: ['other'] }, pro: { models: [MODEL] } },
      planOf: (user) => {
        asked.push(user);
        return user.plan ?? 'free';
      },
    });
    const { guard } = fixture;
    const user = { id: 'ada', claims: { team: 7 } };
    const { value } = await guard.tokens.issue({ user, plan: 'pro' });
    expect((await post(guard, value, chat())).status).toBe(200);
    expect(asked).toEqual([{ ...user, plan: 'pro' }]);
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(403);
  });

  it('The limits of a user token apply in addition to those of its user, and both are shown', async () => {
    const limits = [{ requests: 10, per: '24h' as const }];
    await using fixture = await startFixture({ plans: { free: { models: [MODEL], limits } } });
    const { guard } = fixture;
    const own = { limits: [{ requests: 1, per: '1h', name: 'this-token' }] };
    const { value } = await guard.tokens.issue({ user: 'ada', ...own });
    const first = await post(guard, value, chat());
    expect(first.headers.get('ratelimit-policy')).toBe(
      '"this-token";q=1;w=3600, "requests-24h";q=10;w=86400',
    );
    const second = await post(guard, value, chat());
    expect([second.status, await codeOf(second)]).toEqual([429, 'quota_exceeded']);
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(200);
  });

  it('A user token lists only the models of its scope', async () => {
    const plans = { free: { models: ['gpt-5-mini', 'gpt-5'] } };
    await using fixture = await startFixture({ plans });
    const models = ['gpt-5', 'gpt-4o'];
    const { value } = await fixture.guard.tokens.issue({ user: 'ada', models });
    const headers = { authorization: `Bearer ${value}` };
    const ask = async (path: string) =>
      fixture.guard.handler(new Request(`http://app.test${path}`, { headers }));
    const list = (await (await ask('/v1/models')).json()) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id)).toEqual(['gpt-5']);
    for (const id of ['gpt-5-mini', 'gpt-4o', 'gpt-99']) {
      expect((await ask(`/v1/models/${id}`)).status).toBe(403);
    }
  });
});

describe('tokens.revoke', () => {
  it('revoke ends one user token at once and no other', async () => {
    await using fixture = await startFixture();
    const { guard } = fixture;
    const issued = await guard.tokens.issue({ user: 'ada' });
    const other = await tokenOf(guard);
    expect((await post(guard, issued.value, chat())).status).toBe(200);
    expect(await guard.tokens.revoke(issued.id)).toBe(true);
    const refused = await post(guard, issued.value, chat());
    expect([refused.status, await codeOf(refused)]).toEqual([401, 'invalid_credential']);
    expect((await post(guard, other, chat())).status).toBe(200);
    expect(await guard.tokens.revoke(issued.id)).toBe(false);
    expect(await guard.tokens.revoke('A'.repeat(43))).toBe(false);
  });

  it('revoke takes the value of a token too, and ends no other token', async () => {
    await using fixture = await startFixture();
    const { guard } = fixture;
    const issued = await guard.tokens.issue({ user: 'ada' });
    const other = await tokenOf(guard);
    expect(await guard.tokens.revoke(issued.value)).toBe(true);
    expect((await post(guard, issued.value, chat())).status).toBe(401);
    expect((await post(guard, other, chat())).status).toBe(200);
    expect(await guard.tokens.revoke(issued.value)).toBe(false);
  });

  it.each(['', 'ada', 'never issued', undefined, 42, { id: 'x' }])(
    'revoke says what it wants for %o, which can be no token',
    async (text) => {
      await using fixture = await startFixture();
      await expect(fixture.guard.tokens.revoke(text as string)).rejects.toThrow(
        /^"tokens.revoke" must be the "id" of a token, .* or its value/,
      );
    },
  );
});

describe('tokens.revokeAll', () => {
  it('revokeAll ends every existing token of the user, but not later ones or those of others', async () => {
    await using fixture = await startFixture();
    const { guard } = fixture;
    const old = [await tokenOf(guard), await tokenOf(guard)];
    const bob = await tokenOf(guard, 'bob');
    for (const token of old) expect((await post(guard, token, chat())).status).toBe(200);
    await guard.tokens.revokeAll('ada');
    for (const token of old) expect((await post(guard, token, chat())).status).toBe(401);
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(200);
    expect((await post(guard, bob, chat())).status).toBe(200);
    await guard.tokens.revokeAll('ada');
    await guard.tokens.revokeAll('nobody');
  });

  it('Simultaneous calls of revokeAll all take effect', async () => {
    await using fixture = await startFixture();
    const { guard } = fixture;
    const token = await tokenOf(guard);
    await Promise.all(Array.from({ length: 10 }, () => guard.tokens.revokeAll('ada')));
    expect((await post(guard, token, chat())).status).toBe(401);
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(200);
  });

  it.each([undefined, null, 7.5, '', { name: 'ada' }])(
    'revokeAll throws a TypeError for %o',
    async (user) => {
      await using fixture = await startFixture();
      await expect(fixture.guard.tokens.revokeAll(user as never)).rejects.toThrow(TypeError);
    },
  );
});
