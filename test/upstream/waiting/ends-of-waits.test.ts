import { describe, expect, it } from 'vitest';
import { errorReply } from '../../../src/testing/fake-openai/error-replies.ts';
import { limitCounts } from '../../attacks/served.ts';
import { canaries, chat, codeOf, post, startFixture, tokenOf } from '../../fixture.ts';
import { type FullUpstream, fullUpstream, plans } from './full-upstream.ts';

const NOTHING = { used: 0, held: 0 };

async function expectNothingTaken({ guard }: Pick<FullUpstream, 'guard'>): Promise<void> {
  for (const unit of ['requests', 'tokens', 'concurrent']) {
    await expect.poll(() => limitCounts(guard, 'ada', unit)).toEqual(NOTHING);
  }
}

describe('The end of a wait without a turn', () => {
  it('A call whose client leaves takes nothing, and is never sent', async () => {
    await using full = await fullUpstream();
    const leaving = new AbortController();
    const authorization = `Bearer ${await tokenOf(full.guard)}`;
    const asked = fetch(`${full.origin}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(chat()),
      signal: leaving.signal,
    }).catch(() => undefined);
    await expect.poll(() => limitCounts(full.guard, 'ada', 'requests')).toMatchObject({ held: 1 });
    leaving.abort();
    await asked;
    await expectNothingTaken(full);
    await full.queue('bob');
    expect(await full.sentUntil(2)).toEqual(['bob']);
  });

  it('A call whose user is blocked gets 403, takes nothing, and is never sent', async () => {
    await using full = await fullUpstream();
    const { answer } = await full.queue('ada');
    await full.guard.users.block('ada', { reason: 'abuse' });
    expect([(await answer).status, await codeOf(await answer)]).toEqual([403, 'user_blocked']);
    await expectNothingTaken(full);
    expect(full.fake.requests).toHaveLength(1);
  });

  it('A call gets 503 when the guard closes, and gives back what it held', async () => {
    await using full = await fullUpstream();
    const { answer } = await full.queue('ada');
    const closed = full.guard.close({ graceMs: 0 });
    expect([(await answer).status, await codeOf(await answer)]).toEqual([503, 'shutting_down']);
    await closed;
    const [, ofAda] = [...full.ledger.endings.values()];
    expect(ofAda).toEqual(['release']);
    expect(full.fake.requests).toHaveLength(1);
  });

  it('A call that waited too long gets 503 and when to come back, and gives back its request', async () => {
    await using full = await fullUpstream({ timeouts: { queue: '50ms' } });
    const answer = await full.call('ada');
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'upstream_busy']);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.headers.get('x-should-retry')).not.toBe('false');
    await expectNothingTaken(full);
  });

  it('A call does not wait for a pause that is longer than its wait may be', async () => {
    await using fixture = await startFixture({ plans: { free: plans.free } });
    const { fake, guard } = fixture;
    const reply = errorReply(429, 'requests', 'rate_limit_exceeded', 'Slow down.');
    fake.scriptNext({ reply: { ...reply, headers: { 'retry-after': '50' } } });
    const answer = await post(guard, await tokenOf(guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'upstream_busy']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(30);
    await expectNothingTaken(fixture);
    expect(fake.requests).toHaveLength(1);
  });
});

describe.concurrent('The limits of a user whose calls wait', () => {
  const two = {
    free: { ...plans.free, limits: [{ requests: 2, per: '24h' }, { concurrent: 9 }] },
  } as const;

  it('A call that waits holds its limits, so that no more calls wait than its user has left', async () => {
    await using full = await fullUpstream({ plans: two });
    await full.queue('ada', 'ada 1', 1);
    await full.queue('ada', 'ada 2', 2);
    expect(await limitCounts(full.guard, 'ada')).toEqual({ used: 0, held: 2 });
    const denied = await full.call('ada');
    expect([denied.status, await codeOf(denied)]).toEqual([429, 'quota_exceeded']);
  });

  it('A call that fits neither in a limit nor at the upstream is denied by the limit alone', async () => {
    await using full = await fullUpstream({ plans: two });
    await full.queue('ada', 'ada 1', 1);
    await full.queue('ada', 'ada 2', 2);
    const denied = await full.call('ada');
    const { error } = (await denied.json()) as { error: { limits: { name: string }[] } };
    expect(error.limits.map(({ name }) => name)).toEqual(['requests-24h']);
  });

  it('A user has so many calls waiting, and one more is refused without a call of the ledger', async () => {
    await using full = await fullUpstream({ bounds: { queuedPerUser: 2 } });
    await full.queue('ada', 'ada 1', 1);
    await full.queue('ada', 'ada 2', 2);
    const reserves = full.ledger.endings.size;
    const refused = await full.call('ada');
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'upstream_busy']);
    expect(full.ledger.endings.size).toBe(reserves);
    await full.queue('bob');
  });

  it('Without a queue, a call that does not have to wait is served', async () => {
    await using fixture = await startFixture({ bounds: { queued: 0 } });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.status).toBe(200);
  });
});

describe('A call that fails between its hold and its request', () => {
  it.each([
    ['end-user id', { endUserId: failingFirst(() => 'user_1') }],
    ['key', { apiKey: failingFirst(() => canaries.apiKey) }],
  ])('A call whose %s cannot be had gives its place back', async (_, options) => {
    await using fixture = await startFixture({ bounds: { inFlight: 1 }, ...options });
    const { guard } = fixture;
    for (const status of [500, 200]) {
      const answer = await post(guard, await tokenOf(guard), chat());
      expect([answer.status, answer.headers.get('x-guard-waited-ms')]).toEqual([status, null]);
      await answer.text();
    }
  });
});

/** Throws at its first call. */
function failingFirst<Value>(value: () => Value): () => Value {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === 1) throw new Error('not now');
    return value();
  };
}
