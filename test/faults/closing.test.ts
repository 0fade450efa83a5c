import { describe, expect, it, vi } from 'vitest';
import { limitCounts, nextEnding, nextSettled, rawChat, serveFixture } from '../attacks/served.ts';
import { chat, codeOf, post, startFixture, tokenOf } from '../fixture.ts';
import { openRequest } from '../http/client.ts';
import { incoming } from './incoming.ts';
import { plans } from './proxied.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

const NOW = { graceMs: 0 };
/** How long the guard waits for the ledger when it closes. */
const SETTLE_MS_MAX = 5_000;

describe('guard.close', () => {
  it('guard.close refuses later calls, over HTTP and in process, and nothing reaches OpenAI', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    const token = await tokenOf(guard);
    const closed = guard.close(NOW);
    const answer = await post(guard, token, chat());
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'shutting_down']);
    const inProcess = guard
      .client('ada')
      .chat.completions.create(chat() as never, { maxRetries: 0 });
    await expect(inProcess).rejects.toMatchObject({ status: 503, code: 'shutting_down' });
    await closed;
    expect(fake.requests).toHaveLength(0);
  });

  it('guard.close is idempotent, and repeated calls resolve with the first one', async () => {
    await using fixture = await startFixture({ plans });
    const first = fixture.guard.close(NOW);
    const second = fixture.guard.close({ graceMs: 60_000 });
    expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
    await fixture.guard.close();
  });

  it('guard.close cuts a stream with one error frame and settles it before the ledger closes', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { fake, guard } = fixture;
    fake.scriptNext({ text: 'one two', betweenChunks: fake.gate() });
    const stream = incoming(await post(guard, await tokenOf(guard), chat({ stream: true })));
    await stream.until('data: ');
    await guard.close(NOW);
    expect(allEndings(ledger)).toEqual([['settle']]);
    expect(fixture.settled).toMatchObject([{ estimated: true }]);
    expect((await stream.whole()).match(/"code":"\w+"/g)).toEqual(['"code":"shutting_down"']);
  });

  it('guard.close cuts a call that OpenAI has not answered yet', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const answer = post(guard, await tokenOf(guard), chat());
    await gate.arrived();
    await guard.close(NOW);
    expect(await codeOf(await answer)).toBe('shutting_down');
    expect(allEndings(ledger)).toEqual([['settle']]);
  });

  it('guard.close releases a call that still waits in the queue, at no cost', async () => {
    const ledger = watchedLedger();
    await using served = await serveFixture({ plans, ledger, bounds: { inFlight: 1 } });
    const { fake, guard } = served;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const first = openRequest(served.port, await rawChat(guard, 'first', chat()));
    await gate.arrived();
    const ending = nextEnding(guard, 'ada');
    const second = openRequest(served.port, await rawChat(guard, 'ada', chat()));
    await expect.poll(async () => (await limitCounts(guard, 'ada')).held).toBe(1);
    await guard.close(NOW);
    expect(await ending).toEqual({ released: true });
    expect(await second.until('shutting_down')).toContain('HTTP/1.1 503');
    expect(await first.until('shutting_down')).toContain('HTTP/1.1 503');
    expect(allEndings(ledger)).toEqual([['settle'], ['release']]);
    for (const { socket } of [first, second]) socket.destroy();
  });

  it('guard.close ends and settles a call that drains after its client disconnected', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger, onDisconnect: 'drain' });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', betweenChunks: gate });
    const settled = nextSettled(guard, 'ada');
    const stream = incoming(await post(guard, await tokenOf(guard), chat({ stream: true })));
    await stream.until('data: ');
    await stream.cancel();
    await gate.arrived();
    expect(allEndings(ledger)).toEqual([[]]);
    const soon = expect.poll(() => allEndings(ledger)).toEqual([['settle']]);
    await Promise.all([guard.close(NOW), soon]);
    expect(await settled).toMatchObject({ estimated: true });
    expect(fixture.failed).toEqual([]);
  });

  it('guard.close does not wait for a ledger that hangs', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { guard } = fixture;
    const token = await tokenOf(guard);
    ledger.faults.set('settle', () => new Promise(() => {}));
    expect((await post(guard, token, chat())).status).toBe(200);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const closed = guard.close(NOW);
      await vi.advanceTimersByTimeAsync(SETTLE_MS_MAX);
      await closed;
    } finally {
      vi.useRealTimers();
    }
    expect(allEndings(ledger)).toEqual([[]]);
  });
});
