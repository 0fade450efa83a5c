import { describe, expect, it } from 'vitest';
import { isByteSource } from '../../src/core/response.ts';
import { incoming } from '../faults/incoming.ts';
import { ownTime, passUntil } from '../faults/own-time.ts';
import { chat, codeOf, MODEL, post, tokenOf } from '../fixture.ts';
import { openRequest } from '../http/client.ts';
import { limitCounts, nextSettled, rawChat, type Served, serveFixture } from './served.ts';

const plans = {
  free: {
    models: [MODEL, 'gpt-5.5', 'gpt-4o'],
    maxOutputTokens: 1_000,
    limits: [{ requests: 100, per: '24h' }],
  },
};

/** Opens a stream that waits at its first word, then leaves it. */
async function leaveStream({ fake, guard, port, clientGone }: Served, user: string) {
  const gate = fake.gate();
  fake.script(user, { text: 'one two', reasoningTokens: 50, betweenChunks: gate });
  const settled = nextSettled(guard, user);
  const body = chat({ stream: true, messages: [{ role: 'user', content: user }] });
  const { socket, until } = openRequest(port, await rawChat(guard, user, body));
  await until('assistant');
  socket.destroy();
  await clientGone();
  return { gate, settled };
}

const HELD = { estimated: true, outputTokens: 1_000 };
const TRUE = { estimated: false, outputTokens: 52 };

describe('Calls that are drained at the same time', () => {
  it('A user may have bounds.drainsPerUser drained calls; one more is cut and charged its hold', async () => {
    await using served = await serveFixture({ plans, bounds: { drainsPerUser: 1 } });
    const drained = await leaveStream(served, 'ada');
    const cut = await leaveStream(served, 'ada');
    expect(await cut.settled).toMatchObject(HELD);
    const other = await leaveStream(served, 'bob');
    for (const { gate } of [drained, cut, other]) gate.open();
    expect(await other.settled).toMatchObject(TRUE);
    await expect.poll(() => served.settled.length).toBe(3);
    expect(served.settled.filter(({ userId }) => userId === 'ada')).toMatchObject([HELD, TRUE]);
  });

  it('A process may have bounds.drains drained calls; one more is cut and charged its hold', async () => {
    await using served = await serveFixture({ plans, bounds: { drains: 1 } });
    const drained = await leaveStream(served, 'ada');
    const cut = await leaveStream(served, 'bob');
    expect(await cut.settled).toMatchObject(HELD);
    for (const { gate } of [drained, cut]) gate.open();
    expect(await drained.settled).toMatchObject(TRUE);
  });

  it('A drained call that ends makes room for the next one', async () => {
    await using served = await serveFixture({ plans, bounds: { drains: 1 } });
    for (const user of ['ada', 'bob', 'ada']) {
      const { gate, settled } = await leaveStream(served, user);
      gate.open();
      expect(await settled).toMatchObject(TRUE);
      await served.fake.idle();
    }
  });

  it('A drained call keeps its "concurrent" slot until it ends', async () => {
    const limited = { free: { ...plans.free, limits: [{ concurrent: 1 }] } };
    await using served = await serveFixture({ plans: limited });
    const { gate, settled } = await leaveStream(served, 'ada');
    const token = await tokenOf(served.guard, 'ada');
    expect(await codeOf(await post(served.guard, token, chat()))).toBe('too_many_concurrent');
    gate.open();
    await settled;
    await expect
      .poll(() => limitCounts(served.guard, 'ada', 'concurrent'))
      .toEqual({ used: 0, held: 0 });
  });

  it('A response that its client left before delivery does not hold up its drain', async () => {
    await using served = await serveFixture({ plans });
    const { fake, guard } = served;
    fake.scriptNext({ text: 'one two', reasoningTokens: 50 });
    const settled = nextSettled(guard, 'ada');
    let leave = () => {};
    const bytes = Buffer.from(JSON.stringify(chat({ stream: true })));
    const token = await tokenOf(guard, 'ada');
    const headers = new Map([
      ['authorization', `Bearer ${token}`],
      ['content-type', 'application/json'],
    ]);
    const { body } = await guard.serve({
      method: 'POST',
      path: '/chat/completions',
      query: '',
      host: undefined,
      header: (name) => headers.get(name),
      readBody: async () => ({ kind: 'bytes', bytes }),
      onDisconnect(listener) {
        leave = listener;
      },
    });
    leave();
    if (!isByteSource(body)) throw new Error('The answer is no stream.');
    const ends: string[] = [];
    body.start({
      write: () => ends.push('write') < 0,
      end: () => void ends.push('end'),
      fail: () => void ends.push('fail'),
    });
    expect(await settled).toMatchObject(TRUE);
    expect(ends).toEqual(['fail']);
  });

  it('A drained call is cut and charged its hold when its user is blocked', async () => {
    await using served = await serveFixture({ plans });
    const { settled } = await leaveStream(served, 'ada');
    await served.guard.users.block('ada', { reason: 'abuse' });
    expect(await settled).toMatchObject(HELD);
    await served.fake.idle();
    expect(served.fake.requests[0]?.socketClosedAtMs).toBeDefined();
  });
});

describe.each(['drain', 'abort'] as const)(
  'A budget of 1 USD, with onDisconnect "%s"',
  (onDisconnect) => {
    it('A user who leaves one stream of a reasoning model after another cannot exceed their budget', async () => {
      const dear = {
        models: ['gpt-5.5'],
        maxOutputTokens: 30_000,
        limits: [{ usd: 1, per: 'day' as const }],
      };
      await using served = await serveFixture({
        plans: { free: dear },
        onDisconnect,
      });
      const { fake, guard } = served;
      fake.script('Say hello.', { text: 'one two', reasoningTokens: 28_000 });
      const token = await tokenOf(guard, 'ada');
      const body = chat({ model: 'gpt-5.5', stream: true });
      for (let call = 0; call < 40; call += 1) {
        const answer = await post(guard, token, body);
        if (answer.status !== 200) continue;
        const stream = incoming(answer);
        await stream.until('"content":"');
        await stream.cancel();
        await expect.poll(() => limitCounts(guard, 'ada', 'usd')).toMatchObject({ held: 0 });
      }
      const { costUsd } = fake.totals();
      const chargedUsd = served.settled.reduce((sum, event) => sum + event.costNanoUsd, 0) / 1e9;
      expect(served.denied.at(-1)?.code).toBe('budget_exceeded');
      expect(costUsd).toBeGreaterThan(0.5);
      expect(costUsd).toBeLessThanOrEqual(1);
      expect(chargedUsd).toBeGreaterThanOrEqual(costUsd ?? Infinity);
    });
  },
);

describe('A cut stream of a model that shows all its output', () => {
  const options = { plans, onDisconnect: 'abort' } as const;
  const stream = chat({ model: 'gpt-4o', stream: true });

  it('A cut stream is charged what was delivered plus what OpenAI may have produced ahead', async () => {
    await using served = await serveFixture(options);
    const { fake, guard } = served;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two three', betweenChunks: gate });
    const settled = nextSettled(guard, 'ada');
    const answer = incoming(await post(guard, await tokenOf(guard, 'ada'), stream));
    gate.pass(2);
    await answer.until('two');
    await answer.cancel();
    const outputTokens = 'one two '.length + 512;
    expect(await settled).toMatchObject({ estimated: true, outputTokens });
  });

  it('A cut stream is charged its hold when the client did not read it', async () => {
    using time = ownTime();
    await using served = await serveFixture({ ...options, clock: time.clock });
    const { fake, guard } = served;
    fake.scriptNext({ text: 'one two three', betweenChunks: fake.gate() });
    const settled = nextSettled(guard, 'ada');
    await post(guard, await tokenOf(guard, 'ada'), stream);
    await passUntil(settled, time);
    expect(await settled).toMatchObject(HELD);
  });
});
