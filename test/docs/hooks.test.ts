import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Guard } from '../../src/index.ts';
import { codeOf } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

afterEach(() => void vi.restoreAllMocks());

const [before = '', moderation = '', flexible = '', store = ''] = codeOf('docs/hooks.md');

const ask = (guard: Guard, content = 'Say hello.') =>
  guard
    .client('ada', {})
    .chat.completions.create(
      { model: 'gpt-5-mini', messages: [{ role: 'user', content }] },
      { maxRetries: 0 },
    );

describe('docs/hooks.md', () => {
  it('The example of "before" logs, denies and replaces', async () => {
    await using world = await startWorld('hooks');
    const { guard } = (await world.run('before', before)) as { guard: Guard };
    const log = vi.spyOn(console, 'log').mockReturnValue();
    await ask(guard);
    expect(log.mock.lastCall?.[0]).toContain('"user":"ada","endpoint":"chat.completions","body"');
    expect(world.fake.requests[0]?.body).toMatchObject({ max_completion_tokens: 200 });
    await expect(ask(guard, 'CONFIDENTIAL')).rejects.toMatchObject({
      status: 403,
      code: 'request_denied',
      param: 'messages',
    });
    await guard.close();
  });

  it('The example of moderation denies what is flagged', async () => {
    await using world = await startWorld('hooks');
    const { guard } = (await world.run('moderation', moderation)) as { guard: Guard };
    world.fake.scriptNext({ flags: ['violence'] });
    await expect(ask(guard)).rejects.toMatchObject({ status: 403, code: 'request_denied' });
    world.fake.scriptNext({ flags: ['harassment'] });
    await ask(guard);
    await guard.close();
  });

  it.each([
    ['rate-limiter-flexible', flexible],
    ['express-rate-limit', store],
  ])('The example with %s denies the eleventh call of a minute', async (name, code) => {
    await using world = await startWorld('hooks');
    const { guard } = (await world.run(name, code)) as { guard: Guard };
    for (let calls = 0; calls < 10; calls += 1) await ask(guard);
    await expect(ask(guard)).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    await guard.close();
  });
});
