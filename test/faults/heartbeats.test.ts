import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../src/pipeline/lease.ts';
import { chat, post, startFixture, tokenOf } from '../fixture.ts';
import { incoming } from './incoming.ts';
import { MINUTE_MS, ownTime } from './own-time.ts';
import { plans } from './proxied.ts';
import { appClient, drain } from './sdk.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

const COMMENT = ': keep-alive\n\n';
const HEARTBEAT_MS = 15_000;
const timeouts = { idle: '10m' };

describe('A stream that is quiet for minutes', () => {
  it('A quiet stream gets a keep-alive comment every 15 s and nothing else, and then continues', async () => {
    using time = ownTime();
    await using fixture = await startFixture({ plans, clock: time.clock, timeouts });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', betweenChunks: gate });
    const stream = incoming(await post(guard, await tokenOf(guard), chat({ stream: true })));
    const before = await stream.until('\n\n');
    time.pass(1_000);
    for (let beat = 1; beat <= 20; beat += 1) {
      time.pass(HEARTBEAT_MS - 1_000);
      time.pass(1_000);
      expect(await stream.until(COMMENT.repeat(beat))).toBe(before + COMMENT.repeat(beat));
    }
    gate.open();
    const whole = await stream.whole();
    expect(whole).toContain('[DONE]');
    expect(whole.split(COMMENT)).toHaveLength(21);
  });

  it('The official SDK reads a stream with keep-alive comments like one without', async () => {
    using time = ownTime();
    await using fixture = await startFixture({ plans, clock: time.clock });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two three', betweenChunks: gate });
    const client = await appClient(guard);
    const stream = await client.chat.completions.create(chat({ stream: true }) as never);
    const items = drain(
      stream as unknown as AsyncIterable<{ choices: { delta: { content?: string } }[] }>,
    );
    for (let chunk = 0; chunk < 3; chunk += 1) {
      await gate.arrived();
      time.pass(1_000);
      time.pass(HEARTBEAT_MS);
      gate.pass();
    }
    gate.open();
    const { items: chunks, error } = await items;
    expect(error).toBeUndefined();
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text).toBe('one two three');
  });

  it('A keep-alive comment is never written inside a frame', async () => {
    using time = ownTime();
    await using fixture = await startFixture({ plans, clock: time.clock });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', cuts: 100, betweenChunks: gate });
    const body = chat({ stream: true, stream_options: { include_usage: true } });
    const stream = incoming(await post(guard, await tokenOf(guard), body));
    expect((await stream.until('data')).length).toBe(100);
    const text = stream.whole();
    time.pass(1_000);
    time.pass(HEARTBEAT_MS);
    time.pass(HEARTBEAT_MS);
    gate.open();
    expect(await text).not.toContain(COMMENT.trim());
    expect(await text).toContain('[DONE]');
  });

  it('A stream gets no keep-alive comments while its client does not read', async () => {
    using time = ownTime();
    await using fixture = await startFixture({ plans, clock: time.clock });
    const { fake, guard } = fixture;
    fake.scriptNext({ text: 'one two three' });
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    const stream = incoming(answer);
    await stream.until('\n\n');
    for (let tick = 0; tick < 3; tick += 1) time.pass(HEARTBEAT_MS);
    expect(await stream.whole()).not.toContain(COMMENT);
  });
});

describe('A stream that runs longer than its lease', () => {
  it('A stream longer than its lease is renewed in time, repeatedly, and settled once with its actual usage', async () => {
    using time = ownTime();
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger, clock: time.clock });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two three four', betweenChunks: gate });
    const stream = incoming(await post(guard, await tokenOf(guard), chat({ stream: true })));
    await stream.until('\n\n');
    const atStart = ledger.renewals.length;
    const rest = stream.whole();
    const renewedAtMs = [time.clock.nowMs()];
    for (let minute = 0; minute < 9; minute += 1) {
      for (let second = 0; second < 60; second += 1) {
        const count = ledger.renewals.length;
        time.pass(MINUTE_MS / 60);
        if (ledger.renewals.length > count) renewedAtMs.push(time.clock.nowMs());
      }
    }
    const gaps = renewedAtMs.slice(1).map((atMs, index) => atMs - (renewedAtMs[index] ?? 0));
    expect(gaps.length).toBeGreaterThanOrEqual(9);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(LEASE_MS / 2);
    const [id] = ledger.endings.keys();
    expect(
      ledger.renewals.slice(atStart).every((renewal) => renewal.id === id && renewal.dispatched),
    ).toBe(true);
    gate.open();
    expect(await rest).toContain('[DONE]');
    await expect.poll(() => allEndings(ledger)).toEqual([['settle']]);
    const { outputTokens } = fake.invoice[0] ?? {};
    expect(fixture.settled[0]).toMatchObject({ outputTokens, estimated: false });
    const afterEnd = ledger.renewals.length;
    time.pass(LEASE_MS);
    expect(ledger.renewals.length).toBe(afterEnd);
  });
});
