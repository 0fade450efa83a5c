import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyOf, authenticate, bearer, userTokens } from '../../src/auth/index.ts';
import type { ExchangeSpec, Guard, GuardOptions, LimitSpec } from '../../src/index.ts';
import { watchToken } from '../canary.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const LOGIN = 'a-login-of-the-user-ada';
const MINUTE_MS = 60_000;

const plans = {
  free: { models: [MODEL, 'gpt-4o'], limits: [{ requests: 100, per: '24h' }] as LimitSpec[] },
};

function start(exchange: Partial<ExchangeSpec> = {}, more: Partial<GuardOptions> = {}) {
  const auth = bearer({ [LOGIN]: { id: 'ada', claims: { tier: 'gold' } } });
  return startFixture({ plans, exchange: { auth, ...exchange }, ...more });
}

interface Exchanged {
  readonly id: string;
  readonly value: string;
  readonly expires_at: number;
  readonly refreshable_until?: number;
}

function request(credential: string, body?: unknown, method = 'POST'): Request {
  return new Request('http://app.test/token', {
    method,
    headers: {
      authorization: `Bearer ${credential}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const exchange = (guard: Guard, credential: string, body?: unknown) =>
  guard.exchange.handler(request(credential, body));

async function exchanged(guard: Guard, credential = LOGIN, body?: unknown): Promise<Exchanged> {
  const answer = await exchange(guard, credential, body);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const token = (await answer.json()) as Exchanged;
  watchToken(token.value);
  return token;
}

async function call({ guard }: Fixture, token: string, body = chat()): Promise<string> {
  const answer = await post(guard, token, body);
  return answer.status === 200 ? 'served' : codeOf(answer);
}

describe('guard.exchange', () => {
  it('answers a short-lived key for a login, which is good for the line alone', async () => {
    await using fixture = await start({ ttl: '10m', maxLifetime: '12h' });
    const { value, expires_at, refreshable_until, id } = await exchanged(fixture.guard);
    const nowSeconds = Date.now() / 1000;
    expect(expires_at - nowSeconds).toBeGreaterThan(590);
    expect(expires_at - nowSeconds).toBeLessThanOrEqual(600);
    expect((refreshable_until ?? 0) - nowSeconds).toBeGreaterThan(12 * 3_600 - 10);
    expect(value).not.toContain(id);
    expect(await call(fixture, value)).toBe('served');
    expect(fixture.settled).toMatchObject([{ userId: 'ada' }]);
    expect(await call(fixture, LOGIN)).toBe('invalid_credential');
  });

  it('gives plans what the login said of its user, or what is picked of it', async () => {
    const seen: unknown[] = [];
    const planOf = (user: { claims?: unknown }) => {
      seen.push(user.claims);
      return 'free';
    };
    await using all = await start({}, { planOf });
    await call(all, (await exchanged(all.guard)).value);
    await using none = await start({ user: ({ id }) => ({ id }) }, { planOf });
    await call(none, (await exchanged(none.guard)).value);
    expect(seen).toEqual([{ tier: 'gold' }, undefined]);
  });

  it('is a TypeError to mount without its option (A47: off unless asked for)', async () => {
    await using fixture = await startFixture();
    expect(() => fixture.guard.exchange).toThrow(TypeError);
  });

  it.each([
    [{ auth: {} }, 'options.exchange.auth'],
    [{ ttl: 'soon' }, 'options.exchange.ttl'],
    [{ maxLifetime: '91d' }, 'options.exchange.maxLifetime'],
    [{ attest: true }, 'options.exchange.attest'],
    [{ limits: [{ requests: -1, per: '1h' }] }, 'options.exchange.limits'],
    [{ scope: 'all' }, 'options.exchange'],
  ])('refuses %j at start', async (wrong, field) => {
    await expect(start(wrong as never)).rejects.toThrow(`"${field}`);
  });

  it.each(['GET', 'PUT', 'DELETE'])('answers %s with 405', async (method) => {
    await using fixture = await start();
    const answer = await fixture.guard.exchange.handler(request(LOGIN, undefined, method));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('A47 keys make no keys', () => {
  it.each(['bearer', 'anyOf'])(
    'an issued key is no login, also where %s would know it',
    async (kind) => {
      const login = bearer({ [LOGIN]: 'ada' });
      const auth = kind === 'bearer' ? login : anyOf(userTokens(), login);
      await using fixture = await start({ auth });
      const issued = await tokenOf(fixture.guard);
      const answer = await exchange(fixture.guard, issued);
      expect([answer.status, await codeOf(answer)]).toEqual([401, 'invalid_credential']);
      expect(await call(fixture, issued)).toBe('served');
    },
  );

  it('A40 says the same of every bad credential', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    const revoked = await exchanged(guard);
    await guard.tokens.revoke(revoked.id);
    const bodies = [];
    for (const credential of ['x', `gct_${'A'.repeat(64)}`, await tokenOf(guard), revoked.value]) {
      const answer = await exchange(guard, credential);
      bodies.push(answer.status, (await answer.json()).error.code);
    }
    expect(new Set(bodies)).toEqual(new Set([401, 'invalid_credential']));
  });
});

describe('A31 a key’s life', () => {
  it('is prolonged by refreshing, until the lifetime that began with the login ends', async () => {
    let nowMs = Date.now();
    const startMs = nowMs;
    await using fixture = await start(
      { ttl: '15m', maxLifetime: '1h' },
      { clock: { nowMs: () => nowMs } },
    );
    let token = await exchanged(fixture.guard);
    const { refreshable_until } = token;
    for (let refresh = 1; refresh <= 5; refresh += 1) {
      nowMs += 11 * MINUTE_MS;
      token = await exchanged(fixture.guard, token.value);
      expect(token.refreshable_until).toBe(refreshable_until);
      expect(token.expires_at * 1000).toBeLessThanOrEqual(startMs + 60 * MINUTE_MS);
      expect(await call(fixture, token.value)).toBe('served');
    }
    nowMs = startMs + 60 * MINUTE_MS;
    expect((await exchange(fixture.guard, token.value)).status).toBe(401);
    expect(await call(fixture, token.value)).toBe('expired_credential');
  });

  it('ends by itself where nobody refreshes, and a late refresh revives nothing', async () => {
    let nowMs = Date.now();
    await using fixture = await start({ ttl: '15m' }, { clock: { nowMs: () => nowMs } });
    const { value } = await exchanged(fixture.guard);
    nowMs += 15 * MINUTE_MS;
    const late = await exchange(fixture.guard, value);
    expect([late.status, await codeOf(late)]).toEqual([401, 'expired_credential']);
  });

  it.each(['16m', '99d', '24h'])('is not made longer by asking for %s', async (ttl) => {
    await using fixture = await start({ ttl: '15m' });
    const { expires_at } = await exchanged(fixture.guard, LOGIN, { ttl });
    expect(expires_at * 1000 - Date.now()).toBeLessThanOrEqual(15 * MINUTE_MS);
  });
});

describe('A33 what an app may ask', () => {
  it.each([
    { user: 'bob' },
    { plan: 'pro' },
    { routes: ['/*'] },
    { models: '*' },
    { models: [] },
    { models: [''] },
    { limits: null },
    { limits: [{ requests: -1, per: '24h' }] },
    { limits: [{}] },
    { limits: Array.from({ length: 9 }, (_, n) => ({ requests: n, per: `${n + 1}h` })) },
    { endpoints: ['everything'] },
    { ttl: '-1m' },
    { ttl: 900 },
    { singleUse: 'yes' },
    { lifetimeEndsAtMs: 1e15 },
    [],
    'x',
  ])('is refused with 400 for %j, and no key is made', async (body) => {
    await using fixture = await start();
    const answer = await exchange(fixture.guard, LOGIN, body);
    expect(answer.status).toBe(400);
    expect(Object.keys(await answer.json())).toEqual(['error']);
  });

  it('narrows: models, endpoints, limits, one use', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    const limits = [{ requests: 1, per: '1h' }];
    const narrow = await exchanged(guard, LOGIN, { models: ['gpt-4*'], limits });
    expect(await call(fixture, narrow.value)).toBe('model_not_allowed');
    expect(await call(fixture, narrow.value, chat({ model: 'gpt-4o' }))).toBe('served');
    expect(await call(fixture, narrow.value, chat({ model: 'gpt-4o' }))).toBe('quota_exceeded');
    const endpoint = await exchanged(guard, LOGIN, { endpoints: ['embeddings'] });
    expect(await call(fixture, endpoint.value)).toBe('endpoint_not_allowed');
    const once = await exchanged(guard, LOGIN, { singleUse: true });
    expect(once).not.toHaveProperty('refreshable_until');
    expect([await call(fixture, once.value), await call(fixture, once.value)]).toEqual([
      'served',
      'invalid_credential',
    ]);
    expect((await exchange(guard, once.value)).status).toBe(401);
  });

  it('stays narrow through every refresh, and keeps its counts', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    const limits = [{ requests: 1, per: '1h' }];
    const first = await exchanged(guard, LOGIN, { models: [MODEL], limits });
    expect(await call(fixture, first.value)).toBe('served');
    const second = await exchanged(guard, first.value);
    expect(second.id).toBe(first.id);
    expect(await call(fixture, second.value, chat({ model: 'gpt-4o' }))).toBe('model_not_allowed');
    expect(await call(fixture, second.value)).toBe('quota_exceeded');
    for (const models of [['gpt-4o'], ['*'], [`${MODEL}*`]]) {
      expect((await exchange(guard, second.value, { models })).status).toBe(400);
    }
  });

  it('is never more than its parent, whatever is asked (subset property)', async () => {
    await using fixture = await start({ limits: [{ requests: 10_000, per: '1h' }] });
    const { guard } = fixture;
    const patterns = ['gpt-5-mini', 'gpt-5*', 'gpt-4o', 'gpt-4*', 'g*', '*', 'gpt-5'];
    const some = fc.subarray(patterns, { minLength: 1 });
    const reach = (models: readonly string[]) =>
      ['gpt-5-mini', 'gpt-5', 'gpt-5-pro', 'gpt-4o', 'gpt-4.1', 'g', 'o3'].filter((model) =>
        models.some((one) =>
          one.endsWith('*') ? model.startsWith(one.slice(0, -1)) : model === one,
        ),
      );
    const property = fc.asyncProperty(some, some, async (parent, child) => {
      const { value } = await exchanged(guard, LOGIN, { models: parent });
      const { status } = await exchange(guard, value, { models: child });
      const isSubset = reach(child).every((model) => reach(parent).includes(model));
      if (status === 200) expect(isSubset).toBe(true);
      else expect(status).toBe(400);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('ending exchanged keys', () => {
  it('by the id of any of them ends all that came of one login, and no other', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    const first = await exchanged(guard);
    const second = await exchanged(guard, first.value);
    const third = await exchanged(guard, second.value);
    const other = await exchanged(guard);
    expect(await guard.tokens.revoke(third.id)).toBe(true);
    for (const { value } of [first, second, third]) {
      expect(await call(fixture, value)).toBe('invalid_credential');
      expect((await exchange(guard, value)).status).toBe(401);
    }
    expect(await call(fixture, other.value)).toBe('served');
    expect(await guard.tokens.revoke(third.id)).toBe(false);
  });

  it('works when the first of them is over, too', async () => {
    let nowMs = Date.now();
    await using fixture = await start({ ttl: '15m' }, { clock: { nowMs: () => nowMs } });
    const { guard } = fixture;
    const first = await exchanged(guard);
    nowMs += 14 * MINUTE_MS;
    const second = await exchanged(guard, first.value);
    nowMs += 10 * MINUTE_MS;
    expect(await call(fixture, second.value)).toBe('served');
    expect(await guard.tokens.revoke(first.id)).toBe(true);
    expect(await call(fixture, second.value)).toBe('invalid_credential');
  });

  it('of a user ends them all, and a block stops the exchange (A46)', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    const { value } = await exchanged(guard);
    await guard.tokens.revokeAll('ada');
    expect((await exchange(guard, value)).status).toBe(401);
    const fresh = await exchanged(guard);
    await guard.users.block('ada', { reason: 'abuse' });
    for (const credential of [LOGIN, fresh.value]) {
      const answer = await exchange(guard, credential);
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'user_blocked']);
    }
  });

  it('keeps a user’s state small: past 64 revoked logins, all his keys end', async () => {
    await using fixture = await start({ limits: [] });
    const { guard } = fixture;
    const kept = await exchanged(guard);
    for (let login = 0; login < 65; login += 1)
      await guard.tokens.revoke((await exchanged(guard)).id);
    expect(await call(fixture, kept.value)).toBe('invalid_credential');
    expect(await call(fixture, (await exchanged(guard)).value)).toBe('served');
  });
});

describe('what guards the exchange itself', () => {
  it('a user gets so many keys and no more', async () => {
    await using fixture = await start({ limits: [{ requests: 2, per: '1h' }] });
    const { guard } = fixture;
    await exchanged(guard);
    await exchanged(guard);
    const answer = await exchange(guard, LOGIN);
    expect([answer.status, await codeOf(answer)]).toEqual([429, 'quota_exceeded']);
    expect(answer.headers.get('x-guard-reset')).toMatch(/^\d+$/);
  });

  it.each([
    ['answers false', () => false, 401],
    ['answers something else', () => 'yes' as never, 401],
    ['throws', () => Promise.reject(new Error('attestation service down')), 500],
    ['hangs', () => new Promise<boolean>(() => {}), 500],
    ['answers true', async () => true, 200],
  ])('an attest that %s', async (_, attest, status) => {
    await using fixture = await start({ attest }, { timeouts: { hook: '30ms' } });
    expect((await exchange(fixture.guard, LOGIN)).status).toBe(status);
  });

  it('attests a login once, not every refresh', async () => {
    let attested = 0;
    const attest = () => {
      attested += 1;
      return attested === 1;
    };
    await using fixture = await start({ attest });
    const { value } = await exchanged(fixture.guard);
    await exchanged(fixture.guard, value);
    expect(attested).toBe(1);
  });

  it('A28 a key of one audience is worth nothing to another with the same secret and store', async () => {
    const { memoryLedger } = await import('../../src/index.ts');
    const ledger = memoryLedger();
    await using one = await start({}, { ledger, audience: 'one' });
    await using two = await start({}, { ledger, audience: 'two' });
    const { value } = await exchanged(one.guard);
    expect(await call(one, value)).toBe('served');
    expect(await call(two, value)).toBe('invalid_credential');
    expect((await exchange(two.guard, value)).status).toBe(401);
  });

  it('takes any login, the host’s session too', async () => {
    const auth = authenticate((asked) => (asked.header('cookie') === 'session=1' ? 'ada' : null));
    await using fixture = await start({ auth });
    const cookie = (value: string) =>
      new Request('http://app.test/token', { method: 'POST', headers: { cookie: value } });
    const { handler } = fixture.guard.exchange;
    expect((await handler(cookie('session=1'))).status).toBe(200);
    expect((await handler(cookie('session=2'))).status).toBe(401);
  });
});
