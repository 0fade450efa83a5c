import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventsOf } from '../../src/core/events.ts';
import type { Guard } from '../../src/index.ts';
import { startReceiver } from '../alerts/receiver.ts';
import { MODEL } from '../fixture.ts';
import { codeOf } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const messages = [{ role: 'user' as const, content: 'Say hello.' }];

async function ask(guard: Guard, calls: number): Promise<void> {
  const { completions } = guard.client('ada').chat;
  for (let call = 0; call < calls; call += 1) await completions.create({ model: MODEL, messages });
}

/** What was logged. */
const logged = () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  return () => log.mock.calls.map(([first]) => first as unknown);
};

describe('docs/operating.md', () => {
  const page = codeOf('docs/operating.md');
  const blockWith = (text: string) => page.find((code) => code.includes(text)) ?? '';

  it('The example of a shadow limit serves a call that it would have refused, and tells it', async () => {
    await using world = await startWorld('shadow');
    const lines = logged();
    const { guard } = (await world.run('guard', blockWith('would_deny'))) as { guard: Guard };
    for (let call = 0; call < 7; call += 1) world.fake.scriptNext({ tokens: 16_000 });
    await ask(guard, 7);
    expect(lines()).toMatchObject([{ userId: 'ada', plan: 'free', name: 'usd-day', limit: 0.2 }]);
    await guard.close();
  });

  it('The example of warnings tells that a user has used most of a limit', async () => {
    await using world = await startWorld('warned');
    const lines = logged();
    const { guard } = (await world.run('guard', blockWith('warnAt'))) as { guard: Guard };
    await ask(guard, 13);
    await expect
      .poll(lines)
      .toMatchObject([{ level: 'user', userId: 'ada', limit: 'requests-day', fraction: 0.8 }]);
    await guard.close();
  });

  it('The example of a stop stops a model and lets it pass again', async () => {
    await using world = await startWorld('stopped');
    const lines = logged();
    await world.run('stop', blockWith('guard.stop('));
    const reason = 'We are looking into a problem.';
    expect(lines()).toMatchObject([[{ reason, models: [MODEL], cut: true }]]);
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    expect(await guard.stops()).toEqual([]);
  });

  it('The example of a list shows each blocked user', async () => {
    await using world = await startWorld('listed');
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    await guard.users.block('ada', { reason: 'abuse' });
    const lines = logged();
    await world.run('list', blockWith('users.blocked'));
    expect(lines()).toEqual(['ada']);
  });

  it('The example of alerts sends what it asks for', async () => {
    await using receiver = await startReceiver();
    vi.stubEnv('ALERTS_URL', receiver.url);
    vi.stubEnv('ALERTS_SECRET', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    await using world = await startWorld('alerts');
    const ends = vi.spyOn(process, 'once').mockReturnThis();
    await world.run('alerts', blockWith('alertWebhook'));
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    eventsOf(guard).emit('degraded', { reason: 'The store is away.', atMs: 1 });
    await expect.poll(() => receiver.received.map(({ body }) => body).join()).toContain('away');
    await ends.mock.calls.find(([name]) => name === 'SIGTERM')?.[1]();
  });
});
