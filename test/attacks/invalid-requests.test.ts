import { describe, expect, it } from 'vitest';
import { InvalidRequests } from '../../src/pipeline/invalid-requests.ts';
import { ownTime } from '../faults/own-time.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { serveFixture } from './served.ts';

const plans = {
  free: {
    models: [MODEL],
    maxOutputTokens: 100,
    endpoints: ['chat.completions', 'embeddings'] as const,
    limits: [{ requests: 1_000, per: '24h' as const }],
  },
};

const TOO_MANY = [429, 'too_many_invalid_requests'];

async function answered(response: Response) {
  return [response.status, await codeOf(response)];
}

/** One invalid request of each kind. */
function invalidOnes({ guard }: Fixture, token: string): readonly (() => Promise<Response>)[] {
  const send = (init: RequestInit, path = '/v1/chat/completions') => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return guard.handler(
      new Request(`http://app.test${path}`, { method: 'POST', headers, ...init }),
    );
  };
  return [
    () => post(guard, token, '{"model":'),
    () => post(guard, token, chat({ no_such_field: 1 })),
    () => post(guard, token, chat({ model: 'gpt-4o' })),
    () => post(guard, token, 'x'.repeat(2_000)),
    () => post(guard, token, chat(), '/v1/no/such/path'),
    () => post(guard, token, chat(), '/v1/moderations'),
    () => send({ method: 'DELETE' }),
    () =>
      send({
        body: 'a=b',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      }),
  ];
}

describe('Requests that fail validation', () => {
  it('A user may send so many invalid requests in a minute, of all kinds; each one more gets 429', async () => {
    using time = ownTime();
    await using fixture = await startFixture({
      plans,
      clock: time.clock,
      bounds: { invalidPerMinute: 8, bodyBytes: 1_000 },
    });
    const { guard } = fixture;
    const token = await tokenOf(guard);
    const statuses: number[] = [];
    for (const send of invalidOnes(fixture, token)) statuses.push((await send()).status);
    expect(statuses).toEqual([400, 400, 403, 413, 404, 403, 405, 415]);
    const denied = await post(guard, token, chat());
    expect(denied.headers.get('x-guard-reset')).toBe(
      String(Math.ceil((time.clock.nowMs() + 60_000) / 1_000)),
    );
    expect(denied.headers.get('retry-after')).toBe('60');
    expect(await answered(denied)).toEqual(TOO_MANY);
    for (const send of invalidOnes(fixture, token))
      expect(await answered(await send())).toEqual(TOO_MANY);
    expect((await post(guard, await tokenOf(guard, 'bob'), chat())).status).toBe(200);
    time.pass(60_000);
    expect((await post(guard, token, chat())).status).toBe(200);
    expect(fixture.denied.filter(({ code }) => code === TOO_MANY[1])).toHaveLength(9);
  });

  it('120 invalid requests in a minute are the default', async () => {
    await using fixture = await startFixture({ plans });
    const token = await tokenOf(fixture.guard);
    const send = () => post(fixture.guard, token, chat({ no_such_field: 1 }));
    for (let sent = 0; sent < 120; sent += 1) expect((await send()).status).toBe(400);
    expect(await answered(await send())).toEqual(TOO_MANY);
  });

  it('A request of a user with too many invalid ones is denied without a look at its body', async () => {
    await using fixture = await startFixture({ plans, bounds: { invalidPerMinute: 1 } });
    const { guard } = fixture;
    const token = await tokenOf(guard);
    expect((await post(guard, token, '{')).status).toBe(400);
    // It is thrown away as it comes, or it would be invalid once more.
    const body = new Blob(['{']).stream();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    const request = new Request('http://app.test/v1/chat/completions', init);
    expect(await answered(await guard.handler(request))).toEqual(TOO_MANY);
  });

  it('Requests that arrive together are not validated beyond the bound', async () => {
    await using served = await serveFixture({ plans, bounds: { invalidPerMinute: 5 } });
    const headers = {
      authorization: `Bearer ${await tokenOf(served.guard)}`,
      'content-type': 'application/json',
    };
    const request = { method: 'POST', headers, body: JSON.stringify(chat({ no_such_field: 1 })) };
    const send = async () => {
      const answer = await fetch(`${served.origin}/v1/chat/completions`, request);
      await answer.text();
      return answer.status;
    };
    const statuses = await Promise.all(Array.from({ length: 40 }, send));
    expect(statuses.filter((status) => status === 400)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(35);
  });

  it('Denials by limits, by blocks and by the upstream do not count as invalid', async () => {
    const limited = { free: { ...plans.free, limits: [{ requests: 1, per: '24h' as const }] } };
    await using fixture = await startFixture({ plans: limited, bounds: { invalidPerMinute: 1 } });
    const { guard, fake } = fixture;
    const token = await tokenOf(guard);
    fake.scriptNext({ reply: { status: 500, body: {} } });
    expect((await post(guard, token, chat())).status).toBe(502);
    await expect.poll(() => fixture.released.length).toBe(1);
    await (await post(guard, token, chat())).text();
    expect(await codeOf(await post(guard, token, chat()))).toBe('quota_exceeded');
    await guard.users.block('ada', { reason: 'spam' });
    for (let call = 0; call < 3; call += 1) {
      expect(await codeOf(await post(guard, token, chat()))).toBe('user_blocked');
    }
    await guard.users.unblock('ada');
    expect(await codeOf(await post(guard, token, chat()))).toBe('quota_exceeded');
  });

  it('A request without a valid credential counts for no user', () => {
    const counted = new InvalidRequests(1, { nowMs: () => 0 });
    counted.count('ada', 'invalid_credential');
    expect(counted.denialFor('ada')).toBeUndefined();
    counted.count('ada', 'invalid_request');
    expect(counted.denialFor('ada')).toMatchObject({ resetsAtMs: 60_000 });
    expect(counted.denialFor('bob')).toBeUndefined();
  });
});
