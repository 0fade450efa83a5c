import { describe, expect, it } from 'vitest';
import { anyOf } from '../../src/auth/any-of.ts';
import { bearer } from '../../src/auth/bearer.ts';
import { userTokens } from '../../src/auth/user-tokens.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { openRequest, rawPost } from '../http/client.ts';
import { limitCounts, rawChat, serveFixture } from './served.ts';

const STREAMS = 20;
const plans = {
  free: { models: [MODEL], maxOutputTokens: 1_000, limits: [{ requests: 1_000, per: '24h' }] },
};

describe('A blocked user', () => {
  it('Blocking a user ends all their streams within a second and settles each one once', async () => {
    await using served = await serveFixture({ plans });
    const { fake, guard } = served;
    const gate = fake.gate();
    fake.script('endless', { tokens: 900, betweenChunks: gate });
    const body = chat({ stream: true, messages: [{ role: 'user', content: 'endless' }] });
    const open = async (user: string) => {
      const request = openRequest(served.port, await rawChat(guard, user, body));
      await request.until('data: ');
      return request;
    };
    const streams = await Promise.all(Array.from({ length: STREAMS }, () => open('ada')));
    const bystander = await open('bob');
    const blockedAtMs = performance.now();
    await guard.users.block('ada', { reason: 'abuse' });
    const answers = await Promise.all(streams.map((stream) => stream.until('\r\n0\r\n')));
    expect(performance.now() - blockedAtMs).toBeLessThan(1_000);
    for (const answer of answers) {
      expect(answer).toContain('"code":"user_blocked"');
      expect(answer).not.toContain('[DONE]');
      expect(answer).not.toContain('"finish_reason":"stop"');
    }
    await expect.poll(() => served.settled.length).toBe(STREAMS);
    expect(served.settled.every(({ userId, estimated }) => userId === 'ada' && estimated)).toBe(
      true,
    );
    expect(await limitCounts(guard, 'ada')).toEqual({ used: STREAMS, held: 0 });
    const running = () =>
      fake.requests.filter(({ socketClosedAtMs }) => socketClosedAtMs === undefined);
    await expect.poll(() => running().length).toBe(1);
    gate.open();
    await bystander.until('[DONE]');
    for (const { socket } of [...streams, bystander]) socket.destroy();
  });

  it('A blocked user is rejected on every adapter, without a call to OpenAI, until unblocked', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    const token = await tokenOf(guard);
    await (await post(guard, token, chat())).text();
    await guard.users.block('ada', { reason: 'abuse' });
    const answers = [
      await post(guard, token, chat()),
      await post(guard, await tokenOf(guard), chat()),
      await post(guard, token, { model: MODEL, input: 'hi' }, '/v1/responses'),
      await guard.fetchAs('ada')('http://in.process/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(chat()),
      }),
    ];
    for (const answer of answers) {
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'user_blocked']);
    }
    const bySdk = guard.client('ada').chat.completions.create(chat() as never);
    await expect(bySdk).rejects.toMatchObject({ status: 403, code: 'user_blocked' });
    expect(fake.requests).toHaveLength(1);
    await guard.users.unblock('ada');
    expect((await post(guard, token, chat())).status).toBe(200);
  });

  it('A user who is blocked while their request body arrives is rejected', async () => {
    await using served = await serveFixture({ plans });
    const { fake, guard } = served;
    const body = JSON.stringify(chat({ stream: true }));
    const bytes = rawPost('/v1/chat/completions', await tokenOf(guard), body);
    const half = bytes.length - 10;
    const request = openRequest(served.port, bytes.slice(0, half));
    await served.bodyAwaited();
    await guard.users.block('ada', { reason: 'abuse' });
    request.socket.write(bytes.slice(half));
    expect(await request.until('}')).toMatch(/^HTTP\/1\.1 403 /);
    expect(fake.requests).toEqual([]);
    request.socket.destroy();
  });
});

describe('A block', () => {
  const key = 'backend-key-0123456789';
  it('A block applies to the user, whatever token, device or login they use', async () => {
    const auth = anyOf(userTokens(), bearer({ [key]: { id: 'ada', plan: 'free' } }));
    await using fixture = await startFixture({ plans, auth });
    const { fake, guard } = fixture;
    const before = await tokenOf(guard);
    await guard.users.block('ada', { reason: 'abuse' });
    const credentials = [
      before,
      await tokenOf(guard),
      (await guard.tokens.issue({ user: { id: 'ada', claims: { device: 2 } }, plan: 'free' }))
        .value,
      (await guard.tokens.issue({ user: 'ada', singleUse: true })).value,
      key,
    ];
    for (const credential of credentials) {
      expect(await codeOf(await post(guard, credential, chat()))).toBe('user_blocked');
    }
    expect(fake.requests).toEqual([]);
    expect((await post(guard, await tokenOf(guard, 'Ada'), chat())).status).toBe(200);
  });

  it('A caller with a forged token does not learn that the user is blocked', async () => {
    await using fixture = await startFixture({ plans });
    await fixture.guard.users.block('ada', { reason: 'abuse' });
    const answer = await post(fixture.guard, 'gct_forged', chat({ user: 'ada' }));
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'invalid_credential']);
  });
});
