import { describe, expect, it } from 'vitest';
import { type FullUpstream, fullUpstream, plans } from './full-upstream.ts';

/** Queues so many calls of a user, named `ada 1`, `ada 2` … */
async function queueAll(full: FullUpstream, user: string, count: number): Promise<void> {
  for (let each = 1; each <= count; each += 1) await full.queue(user, `${user} ${each}`, each);
}

const ofUser = (sent: readonly string[], user: string) =>
  sent.filter((content) => content.startsWith(user));

describe.concurrent('Calls that wait for a turn', () => {
  it('A user with one call does not wait behind all calls of another user', async () => {
    await using full = await fullUpstream();
    await queueAll(full, 'ada', 6);
    await queueAll(full, 'bob', 1);
    const sent = await full.sentUntil(4);
    expect(ofUser(sent, 'bob')).toEqual(['bob 1']);
    expect(ofUser(sent, 'ada')).toEqual(['ada 1', 'ada 2']);
  });

  it('The calls of a user leave in the order in which they came', async () => {
    await using full = await fullUpstream();
    await queueAll(full, 'ada', 5);
    await queueAll(full, 'bob', 5);
    const sent = await full.sentUntil(11);
    for (const user of ['ada', 'bob']) {
      expect(ofUser(sent, user)).toEqual([1, 2, 3, 4, 5].map((each) => `${user} ${each}`));
    }
  });

  it('A user whose plan has four times the weight has four turns for one of another', async () => {
    await using full = await fullUpstream({
      plans,
      planOf: ({ id }) => (id === 'pia' ? 'pro' : 'free'),
    });
    await queueAll(full, 'ada', 8);
    await queueAll(full, 'pia', 8);
    const sent = await full.sentUntil(11);
    expect(ofUser(sent, 'pia')).toHaveLength(8);
  });

  it('Calls that server code marks as a batch leave after those of other users', async () => {
    await using full = await fullUpstream();
    const url = 'https://api.openai.com/v1/chat/completions';
    const batch = full.guard.fetchAs('ada', { priority: 'batch' });
    for (let each = 1; each <= 4; each += 1) {
      const messages = [{ role: 'user', content: `ada ${each}` }];
      const body = JSON.stringify({ model: 'gpt-5-mini', messages });
      void batch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    }
    await queueAll(full, 'bob', 4);
    const sent = await full.sentUntil(6);
    expect(ofUser(sent, 'bob')).toHaveLength(4);
  });

  it('An answer says how long its call waited, and an event says who waited for which upstream', async () => {
    await using full = await fullUpstream();
    const waited: object[] = [];
    full.guard.on('waited', (event) => void waited.push(event));
    const { answer } = await full.queue('ada');
    const queuedAtMs = Date.now();
    while (Date.now() <= queuedAtMs + 1) await new Promise((resolve) => setImmediate(resolve));
    full.gate.open();
    const { status, headers } = await answer;
    expect(status).toBe(200);
    expect(Number(headers.get('x-guard-waited-ms'))).toBeGreaterThan(0);
    expect(waited).toMatchObject([{ userId: 'ada', plan: 'free', upstream: 'main' }]);
    expect(waited).toMatchObject([{ waitedMs: Number(headers.get('x-guard-waited-ms')) }]);
  });
});
