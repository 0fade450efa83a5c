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
  it('The exchange returns a short-lived user token for a login, which serves calls only with it', async () => {
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

  it('planOf receives the claims of the login, or those that the user option picks', async () => {
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

  it('Reading guard.exchange without its option throws a TypeError', async () => {
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
  ])('The option %j throws at startup', async (wrong, field) => {
    await expect(start(wrong as never)).rejects.toThrow(`"${field}`);
  });

  it.each(['GET', 'PUT', 'DELETE'])('The exchange rejects %s with 405', async (method) => {
    await using fixture = await start();
    const answer = await fixture.guard.exchange.handler(request(LOGIN, undefined, method));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('User tokens and invalid credentials at the exchange', () => {
  it.each(['bearer', 'anyOf'])(
    'An issued user token cannot be exchanged, even if %s would accept it',
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

  it('Every invalid credential gets the same status and code', async () => {
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

describe('The lifetime of an exchanged user token', () => {
  it('A user token can be refreshed until the lifetime that began with the login ends', async () => {
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

  it('A user token that is not refreshed expires, and a late refresh is rejected', async () => {
    let nowMs = Date.now();
    await using fixture = await start({ ttl: '15m' }, { clock: { nowMs: () => nowMs } });
    const { value } = await exchanged(fixture.guard);
    nowMs += 15 * MINUTE_MS;
    const late = await exchange(fixture.guard, value);
    expect([late.status, await codeOf(late)]).toEqual([401, 'expired_credential']);
  });

  it.each(['16m', '99d', '24h'])('A requested ttl of %s is cut to the maximum', async (ttl) => {
    await using fixture = await start({ ttl: '15m' });
    const { expires_at } = await exchanged(fixture.guard, LOGIN, { ttl });
    expect(expires_at * 1000 - Date.now()).toBeLessThanOrEqual(15 * MINUTE_MS);
  });
});

describe('The scope that an app requests', () => {
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
  ])('A requested scope of %j is rejected with 400', async (body) => {
    await using fixture = await start();
    const answer = await exchange(fixture.guard, LOGIN, body);
    expect(answer.status).toBe(400);
    expect(Object.keys(await answer.json())).toEqual(['error']);
  });

  it('An app can narrow a user token to models, endpoints, limits and a single use', async () => {
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

  it('A narrowed user token stays narrow through every refresh and keeps its counts', async () => {
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

  it('A refreshed user token never allows more than the one it came from', async () => {
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

describe('Revoking exchanged user tokens', () => {
  it('Revoking any token of a login ends all tokens of that login and no others', async () => {
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

  it('Revoking works after the first token of the login has expired', async () => {
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

  it('revokeAll ends all tokens of a user, and a block stops the exchange', async () => {
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

  it('After more than 64 revoked logins, all earlier tokens of the user end', async () => {
    await using fixture = await start({ limits: [] });
    const { guard } = fixture;
    const kept = await exchanged(guard);
    for (let login = 0; login < 65; login += 1)
      await guard.tokens.revoke((await exchanged(guard)).id);
    expect(await call(fixture, kept.value)).toBe('invalid_credential');
    expect(await call(fixture, (await exchanged(guard)).value)).toBe('served');
  });
});

describe('The limits and the attestation of the exchange', () => {
  it('A user who has reached the limit of the exchange gets no more user tokens', async () => {
    await using fixture = await start({ limits: [{ requests: 2, per: '1h' }] });
    const { guard } = fixture;
    await exchanged(guard);
    await exchanged(guard);
    const answer = await exchange(guard, LOGIN);
    expect([answer.status, await codeOf(answer)]).toEqual([429, 'quota_exceeded']);
    expect(answer.headers.get('x-guard-reset')).toMatch(/^\d+$/);
  });

  it.each([
    ['returns false', () => false, 401],
    ['returns a string', () => 'yes' as never, 401],
    ['throws', () => Promise.reject(new Error('attestation service down')), 500],
    ['hangs', () => new Promise<boolean>(() => {}), 500],
    ['returns true', async () => true, 200],
  ])('An attestation that %s decides the exchange', async (_, attest, status) => {
    await using fixture = await start({ attest }, { timeouts: { hook: '30ms' } });
    expect((await exchange(fixture.guard, LOGIN)).status).toBe(status);
  });

  it('A login is attested once, and a refresh is not', async () => {
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

  it('A user token of one audience is rejected by another with the same secret and store', async () => {
    const { memoryLedger } = await import('../../src/index.ts');
    const ledger = memoryLedger();
    await using one = await start({}, { ledger, audience: 'one' });
    await using two = await start({}, { ledger, audience: 'two' });
    const { value } = await exchanged(one.guard);
    expect(await call(one, value)).toBe('served');
    expect(await call(two, value)).toBe('invalid_credential');
    expect((await exchange(two.guard, value)).status).toBe(401);
  });

  it('The exchange accepts any login, including the host’s session', async () => {
    const auth = authenticate((asked) => (asked.header('cookie') === 'session=1' ? 'ada' : null));
    await using fixture = await start({ auth });
    const cookie = (value: string) => {
      const headers = { cookie: value, 'content-type': 'application/json' };
      return new Request('http://app.test/token', { method: 'POST', headers });
    };
    const { handler } = fixture.guard.exchange;
    expect((await handler(cookie('session=1'))).status).toBe(200);
    expect((await handler(cookie('session=2'))).status).toBe(401);
  });
});
