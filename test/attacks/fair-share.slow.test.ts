import { describe, expect, it } from 'vitest';
import { inFlightPerUser, type ParsedBounds } from '../../src/options/bounds.ts';
import { chat, codeOf, MODEL, post, tokenOf } from '../fixture.ts';
import { openRequest } from '../http/client.ts';
import { rawChat, type Served, serveFixture } from './served.ts';

/** Without a limit of the kind "concurrent". */
const plans = {
  free: {
    models: [MODEL],
    maxOutputTokens: 100,
    limits: [{ requests: 1_000, per: '24h' as const }],
  },
};

/** Sends that many calls, of which OpenAI answers none. Returns the codes of those that were denied. */
async function hangingCalls({ fake, guard }: Served, user: string, count: number) {
  fake.script(user, { beforeHeaders: fake.gate() });
  const token = await tokenOf(guard, user);
  const body = chat({ messages: [{ role: 'user', content: user }] });
  const codes: string[] = [];
  for (let call = 0; call < count; call += 1) {
    void post(guard, token, body).then(
      async (answer) => codes.push(await codeOf(answer)),
      () => {},
    );
  }
  return codes;
}

describe('The calls of one user in this process', () => {
  it('One user cannot take all places upstream and in the queue, without a limit in the plan', async () => {
    await using served = await serveFixture({ plans, bounds: { inFlight: 50, queued: 50 } });
    const { guard, fake } = served;
    const denied = await hangingCalls(served, 'ada', 110);
    await expect.poll(() => denied.length).toBe(100);
    expect(new Set(denied)).toEqual(new Set(['too_many_concurrent']));
    await fake.received(10);
    expect(fake.requests).toHaveLength(10);
    const honest = await post(guard, await tokenOf(guard, 'bob'), chat());
    expect(honest.status).toBe(200);
    await honest.text();
  });

  it('A queued call counts, and the denial names the bound', async () => {
    const bounds = { inFlight: 4, queued: 4, inFlightPerUser: 6 };
    await using served = await serveFixture({ plans, bounds });
    const denied = await hangingCalls(served, 'ada', 7);
    await expect.poll(() => denied.length).toBe(1);
    const answer = await post(served.guard, await tokenOf(served.guard, 'ada'), chat());
    expect([answer.status, answer.headers.get('x-guard-code')]).toEqual([
      429,
      'too_many_concurrent',
    ]);
    expect(await answer.text()).toContain('bounds.inFlightPerUser');
  });

  it('A call that is denied a place gives back the bytes of its body', async () => {
    const bounds = { inFlightPerUser: 1, bodyBytesInFlightPerUser: 3_000 };
    await using served = await serveFixture({ plans, bounds });
    await hangingCalls(served, 'ada', 1);
    await served.fake.received(1);
    const token = await tokenOf(served.guard, 'ada');
    const large = chat({ messages: [{ role: 'user', content: 'x'.repeat(1_000) }] });
    for (let call = 0; call < 10; call += 1) {
      expect(await codeOf(await post(served.guard, token, large))).toBe('too_many_concurrent');
    }
  });

  it('A drained call keeps its place among the calls of its user', async () => {
    await using served = await serveFixture({ plans, bounds: { inFlightPerUser: 1 } });
    const { fake, guard, port, clientGone } = served;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', betweenChunks: gate });
    const { socket, until } = openRequest(
      port,
      await rawChat(guard, 'ada', chat({ stream: true })),
    );
    await until('assistant');
    socket.destroy();
    await clientGone();
    const token = await tokenOf(guard, 'ada');
    expect(await codeOf(await post(guard, token, chat()))).toBe('too_many_concurrent');
    gate.open();
    await expect.poll(() => served.settled.length).toBe(1);
    expect((await post(guard, token, chat())).status).toBe(200);
  });

  it('A denied call gives its place back', async () => {
    const none = { free: { ...plans.free, limits: [{ requests: 0, per: '24h' as const }] } };
    await using served = await serveFixture({ plans: none, bounds: { inFlightPerUser: 1 } });
    const token = await tokenOf(served.guard);
    for (let call = 0; call < 3; call += 1) {
      expect(await codeOf(await post(served.guard, token, chat()))).toBe('quota_exceeded');
    }
  });

  it.each([
    [1_000, 100],
    [200, 20],
    [50, 10],
    [8, 4],
    [1, 1],
  ])('The fair share of %i places is %i', (inFlight, share) => {
    expect(inFlightPerUser({ inFlight } as ParsedBounds)).toBe(share);
  });
});
