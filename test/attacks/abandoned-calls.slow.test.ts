import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../src/auth/authenticate.ts';
import { chat, MODEL } from '../fixture.ts';
import { openRequest } from '../http/client.ts';
import { limitCounts, nextEnding, nextSettled, rawChat, serveFixture } from './served.ts';

const CHUNKS = 60;
const plans = {
  free: {
    models: [MODEL],
    maxOutputTokens: 1_000,
    limits: [
      { requests: 10_000, per: '24h' },
      { tokens: 10_000_000, per: '24h' },
      { concurrent: 2 },
    ],
  },
};
/** Words of four characters. The fake counts each one as one token. */
const WORDS = Array.from({ length: CHUNKS }, (_, index) => `w${String(index).padStart(2, '0')} `);

describe.each(['abort', 'drain'] as const)('Left streams, onDisconnect "%s"', (onDisconnect) => {
  it('A client that leaves after any chunk is charged once for everything that was delivered', async () => {
    await using served = await serveFixture({ plans, onDisconnect });
    const { fake, guard } = served;
    const leaveAfter = async (chunk: number) => {
      const user = `leaves-after-${chunk}.`;
      const gate = fake.gate();
      fake.script(user, { text: WORDS.join(''), betweenChunks: gate });
      const settled = nextSettled(guard, user);
      const body = chat({ stream: true, messages: [{ role: 'user', content: user }] });
      const request = openRequest(served.port, await rawChat(guard, user, body));
      gate.pass(chunk);
      await request.until(WORDS[chunk - 1] ?? '');
      request.socket.destroy();
      if (onDisconnect === 'drain') gate.open();
      const charge = await settled;
      gate.open();
      return { user, chunk, charge };
    };
    const calls = await Promise.all(WORDS.map((_, index) => leaveAfter(index + 1)));
    await fake.idle();
    for (const { user, chunk, charge } of calls) {
      const line = fake.invoice.find((_, index) => fake.requests[index]?.bodyText.includes(user));
      expect(charge.inputTokens).toBeGreaterThanOrEqual(line?.inputTokens ?? Infinity);
      expect(charge.outputTokens).toBeGreaterThanOrEqual(line?.outputTokens ?? Infinity);
      expect(charge.outputTokens).toBeGreaterThanOrEqual(chunk);
      expect(charge.estimated).toBe(onDisconnect === 'abort');
      expect(served.settled.filter(({ userId }) => userId === user)).toHaveLength(1);
      expect(await limitCounts(guard, user)).toEqual({ used: 1, held: 0 });
      const used = charge.inputTokens + charge.outputTokens;
      expect(await limitCounts(guard, user, 'tokens')).toEqual({ used, held: 0 });
    }
    const last = calls.at(-1);
    if (onDisconnect === 'drain') expect(last?.charge.outputTokens).toBe(CHUNKS);
  });
});

describe('A buffered response that OpenAI has completed', () => {
  it.each(['left', 'was blocked'])('A complete response is charged if the user %s', async (how) => {
    await using served = await serveFixture({ plans });
    const { fake, guard } = served;
    const gate = fake.gate();
    fake.scriptNext({ reply: { body: ANSWER, billed: true }, cuts: 10, betweenChunks: gate });
    const settled = nextSettled(guard, 'ada');
    const request = openRequest(served.port, await rawChat(guard, 'ada', chat()));
    for (let piece = 0; piece < 4; piece += 1) {
      await gate.arrived();
      gate.pass();
    }
    await gate.arrived();
    if (how === 'left') {
      request.socket.destroy();
      await served.clientGone();
    } else await guard.users.block('ada', { reason: 'abuse' });
    gate.open();
    expect(await settled).toMatchObject({ inputTokens: 20, outputTokens: 900, estimated: false });
    if (how === 'was blocked') {
      expect(await request.until('user_blocked')).not.toContain('all the words');
    }
    request.socket.destroy();
  });
});

const ANSWER = JSON.stringify({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'all the words' } }],
  usage: { prompt_tokens: 20, completion_tokens: 900 },
});

describe('A client that leaves before the first byte', () => {
  it('A call aborted before the first byte is charged its hold and frees its concurrent slot', async () => {
    await using served = await serveFixture({
      onDisconnect: 'abort',
      plans: {
        free: { ...plans.free, limits: [...plans.free.limits.slice(0, 2), { concurrent: 1 }] },
      },
    });
    const { fake, guard } = served;
    for (let round = 1; round <= 20; round += 1) {
      const gate = fake.gate();
      fake.scriptNext({ beforeHeaders: gate });
      const ending = nextSettled(guard, 'ada');
      const request = openRequest(
        served.port,
        await rawChat(guard, 'ada', chat({ stream: round % 2 === 0 })),
      );
      await gate.arrived();
      request.socket.destroy();
      const { inputTokens, outputTokens } = await ending;
      gate.open();
      expect(outputTokens).toBe(plans.free.maxOutputTokens);
      expect(inputTokens).toBeGreaterThanOrEqual(fake.invoice.at(-1)?.inputTokens ?? Infinity);
      expect(await limitCounts(guard, 'ada')).toEqual({ used: round, held: 0 });
      expect(await limitCounts(guard, 'ada', 'concurrent')).toEqual({ used: 0, held: 0 });
    }
  });

  it('A client that leaves before the call is sent to OpenAI pays nothing', async () => {
    await using served = await serveFixture({ plans, bounds: { inFlight: 1 } });
    const { fake, guard } = served;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const first = openRequest(served.port, await rawChat(guard, 'first', chat()));
    await gate.arrived();
    const ending = nextEnding(guard, 'ada');
    const request = openRequest(served.port, await rawChat(guard, 'ada', chat()));
    await expect.poll(async () => (await limitCounts(guard, 'ada')).held).toBe(1);
    request.socket.destroy();
    await served.clientGone();
    gate.open();
    expect(await ending).toEqual({ released: true });
    expect(await limitCounts(guard, 'ada')).toEqual({ used: 0, held: 0 });
    await first.until('chat.completion');
    expect(fake.requests).toHaveLength(1);
    first.socket.destroy();
  });

  it('A client that leaves during the plan lookup causes no call to OpenAI', async () => {
    let arrive = (_: IncomingMessage) => {};
    const arrived = new Promise<IncomingMessage>((resolve) => {
      arrive = resolve;
    });
    let answerPlan = (_: string) => {};
    const plan = new Promise<string>((resolve) => {
      answerPlan = resolve;
    });
    const auth = authenticate(({ host }) => {
      arrive(host as IncomingMessage);
      return 'ada';
    });
    await using served = await serveFixture({ plans, auth, planOf: () => plan });
    const { fake, guard } = served;
    const body = chat({ stream: true });
    const request = openRequest(served.port, await rawChat(guard, 'ada', body));
    const { socket } = await arrived;
    // Not `once` of node:events, which rejects when the connection fails.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    request.socket.destroy();
    await closed;
    answerPlan('free');
    await expect.poll(() => served.denied.length + served.released.length).toBe(1);
    expect(fake.requests).toHaveLength(0);
    expect(await limitCounts(guard, 'ada')).toEqual({ used: 0, held: 0 });
  });
});
