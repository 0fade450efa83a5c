import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canaries, watchToken } from '../canary.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { LeakScanner } from '../leak-scanner.ts';
import { spiedLedger } from './spied-ledger.ts';

const DAY_SECONDS = 86_400;

describe('The lifetime of a user token', () => {
  it.each(['1000d', '25h', '999999999d'])(
    'A lifetime of %s, above the maximum, is refused',
    async (ttl) => {
      await using fixture = await startFixture();
      await expect(fixture.guard.tokens.issue({ user: 'ada', ttl })).rejects.toThrow(
        '"tokens.issue.ttl" must be at most "1d"',
      );
      const { expires_at } = await fixture.guard.tokens.issue({ user: 'ada', ttl: '24h' });
      expect(expires_at - Date.now() / 1000).toBeLessThanOrEqual(DAY_SECONDS);
    },
  );

  it.each(['0s', '-1h', '1e9d', '', 'forever', 'Infinity', '10y'])(
    'A requested lifetime of %o throws a TypeError that names the field',
    async (ttl) => {
      await using fixture = await startFixture();
      const issued = fixture.guard.tokens.issue({ user: 'ada', ttl });
      await expect(issued).rejects.toThrow(/"tokens\.issue\.ttl"/);
    },
  );

  it('A user token expires on the second, even when it is cached', async () => {
    let nowMs = Date.now();
    await using fixture = await startFixture({ clock: { nowMs: () => nowMs } });
    const { value, expires_at } = await fixture.guard.tokens.issue({ user: 'ada', ttl: '10s' });
    nowMs += 9_500;
    expect((await post(fixture.guard, value, chat())).status).toBe(200);
    nowMs += 500;
    expect(nowMs).toBeGreaterThanOrEqual(expires_at * 1000);
    const late = await post(fixture.guard, value, chat());
    expect([late.status, await codeOf(late)]).toEqual([401, 'expired_credential']);
  });
});

describe('A single-use token', () => {
  it('A single-use token serves exactly one of 50 simultaneous calls', async () => {
    await using fixture = await startFixture();
    const { guard, fake } = fixture;
    for (let round = 1; round <= 20; round += 1) {
      const { value } = await guard.tokens.issue({ user: 'ada', singleUse: true });
      const codes = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const answer = await post(guard, value, chat());
          return answer.ok ? answer.text().then(() => 'served') : codeOf(answer);
        }),
      );
      expect(codes.filter((code) => code === 'served')).toHaveLength(1);
      expect(codes.filter((code) => code === 'invalid_credential')).toHaveLength(49);
      expect(fake.requests).toHaveLength(round);
    }
  });

  it('A single-use token is not used up by a call that never reached the model', async () => {
    await using fixture = await startFixture();
    const { guard, fake } = fixture;
    const { value } = await guard.tokens.issue({ user: 'ada', singleUse: true });
    expect((await post(guard, value, chat({ unknown_field: 1 }))).status).toBe(400);
    fake.scriptNext({ reply: { status: 500, body: {} } });
    expect((await post(guard, value, chat())).status).toBe(502);
    await expect.poll(() => fixture.released.length).toBe(1);
    expect((await post(guard, value, chat())).status).toBe(200);
    expect((await post(guard, value, chat())).status).toBe(401);
  });
});

describe('The scope of a user token', () => {
  it.each([
    { users: 'eve' },
    { role: 'admin' },
    { routes: ['/*'] },
    { limits: null },
    { limits: 'none' },
    { models: '*' },
    { models: [''] },
    { singleUse: 'no' },
    { user: { id: 'ada', admin: true } },
    { user: '' },
    { user: 'a\nb' },
    { user: 'x'.repeat(257) },
    { expiresAtMs: 9e15 },
  ])('A user token is not issued for %o', async (more) => {
    await using fixture = await startFixture();
    const issued = fixture.guard.tokens.issue({ user: 'ada', ...more } as never);
    await expect(issued).rejects.toThrow(TypeError);
  });

  it('A user token allows only the models and limits that both its scope and the plan allow', async () => {
    const models = ['gpt-5-mini', 'gpt-5-nano', 'gpt-5', 'gpt-4o'];
    const some = fc.subarray(models, { minLength: 1 });
    const room = fc.integer({ min: 1, max: 4 });
    const property = fc.asyncProperty(some, some, room, room, async (plan, scope, mine, its) => {
      const limits = [{ requests: mine, per: '24h' }];
      const plans = { free: { models: plan, maxOutputTokens: 10, limits } };
      await using fixture = await startFixture({ plans });
      const { guard, fake } = fixture;
      const narrowed = { models: scope, limits: [{ requests: its, per: '24h' }] };
      const { value } = await guard.tokens.issue({ user: 'ada', ...narrowed });
      for (const model of models) {
        const allowed = plan.includes(model) && scope.includes(model);
        const answer = await post(guard, value, chat({ model }));
        if (!allowed) expect([model, await codeOf(answer)]).toEqual([model, 'model_not_allowed']);
        else await answer.text();
      }
      const both = plan.filter((model) => scope.includes(model));
      expect(fake.requests.length).toBe(Math.min(both.length, mine, its));
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it('A user token with endpoints is rejected on every other endpoint', async () => {
    await using fixture = await startFixture();
    const { guard } = fixture;
    const { value } = await guard.tokens.issue({ user: 'ada', endpoints: ['responses'] });
    expect(await codeOf(await post(guard, value, chat()))).toBe('endpoint_not_allowed');
    const body = { model: MODEL, input: 'hi' };
    expect((await post(guard, value, body, '/v1/responses')).status).toBe(200);
  });

  it('A user token cannot be used to issue another one over HTTP', async () => {
    await using fixture = await startFixture();
    const token = await tokenOf(fixture.guard);
    for (const path of ['/v1/tokens', '/tokens', '/v1/tokens/issue', '/token']) {
      const answer = await post(fixture.guard, token, { user: 'eve' }, path);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const secret = await post(fixture.guard, token, {}, '/v1/realtime/client_secrets');
    expect(await codeOf(secret)).toBe('endpoint_not_allowed');
  });
});

describe('A stolen dump of the store', () => {
  it('A dump of the store contains no part of a token, the API key, the secret or a prompt', async () => {
    const ledger = spiedLedger();
    await using fixture = await startFixture({ ledger });
    const { guard } = fixture;
    const scanner = new LeakScanner();
    for (const [name, value] of Object.entries(canaries)) scanner.watch(name, value);
    const body = chat({ messages: [{ role: 'user', content: canaries.prompt }] });
    const scope = { plan: 'free', models: [MODEL], limits: [{ requests: 9, per: '1h' }] };
    for (const singleUse of [true, false]) {
      const issued = await guard.tokens.issue({ user: 'ada', ...scope, singleUse });
      scanner.watch('token', watchToken(issued.value).slice('gct_'.length));
      await (await post(guard, issued.value, body)).text();
      await guard.tokens.revoke(issued.id);
    }
    const dump = ledger.dump();
    expect(dump).toContain('token:');
    expect(scanner.find(Buffer.from(dump))).toBeUndefined();
  });
});
