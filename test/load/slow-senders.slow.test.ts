import { describe, expect, it } from 'vitest';
import { rawChat, serveFixture } from '../attacks/served.ts';
import { plans } from '../faults/proxied.ts';
import { allEndings, watchedLedger } from '../faults/watched-ledger.ts';
import { chat, post, tokenOf } from '../fixture.ts';
import { openRequest, statusOf } from '../http/client.ts';

const SENDERS = 200;

describe('Clients that never finish their bodies', () => {
  it('Clients that never finish their bodies hold nothing, block no other call and are refused after the deadline', async () => {
    const ledger = watchedLedger();
    const timeouts = { body: '1500ms' };
    await using served = await serveFixture({ plans, ledger, timeouts });
    const { guard, port, fake } = served;
    const whole = await rawChat(guard, 'slow', chat());
    const senders = Array.from({ length: SENDERS }, () => openRequest(port, whole.slice(0, -10)));
    await served.bodyAwaited(SENDERS);

    const token = await tokenOf(guard, 'quick');
    expect((await post(guard, token, chat())).status).toBe(200);
    expect(ledger.endings.size).toBe(1);

    const answers = await Promise.all(senders.map(({ until }) => until('\r\n\r\n')));
    expect(new Set(answers.map(statusOf))).toEqual(new Set([400]));
    expect(answers.every((answer) => /connection: close/i.test(answer))).toBe(true);
    await expect.poll(() => allEndings(ledger)).toEqual([['settle']]);
    expect(fake.requests).toHaveLength(1);
    for (const { socket } of senders) socket.destroy();
  });

  it('A client that trickles its body is refused after the deadline', async () => {
    const timeouts = { body: '800ms' };
    await using served = await serveFixture({ plans, timeouts });
    const whole = await rawChat(served.guard, 'slow', chat());
    const sender = openRequest(served.port, whole.slice(0, -40));
    const trickle = setInterval(() => sender.socket.write(' '), 50);
    expect(statusOf(await sender.until('\r\n\r\n'))).toBe(400);
    clearInterval(trickle);
    sender.socket.destroy();
    expect(served.fake.requests).toHaveLength(0);
  });
});
