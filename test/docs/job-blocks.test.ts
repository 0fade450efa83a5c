import { describe, expect, it, vi } from 'vitest';
import type { Guard } from '../../src/index.ts';
import { chat } from '../fixture.ts';
import { askAs, expectOneUsed } from './ask-as.ts';
import { codeOf } from './markdown.ts';
import type { current as currentThere } from './reader/auth.ts';
import { startWorld } from './run-blocks.ts';

const postTo = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(chat()),
  });

describe('docs/own-session.md', () => {
  const [cookie = '', passport = '', authJs = ''] = codeOf('docs/own-session.md');

  it.each([
    ['session', cookie, 'free'],
    ['Passport', passport, 'pro'],
  ])('The %s example serves a user by their cookie, and no one else', async (name, code, plan) => {
    await using world = await startWorld(`own-session-${name}`);
    const { guard } = (await world.run('backend', code)) as { guard: Guard };
    const settled: string[] = [];
    guard.on('settled', (event) => void settled.push(`${event.userId} ${event.plan}`));
    const url = `${world.origin}/v1/chat/completions`;
    const own = { cookie: 'session=ada' };
    expect((await postTo(url, own)).status).toBe(200);
    expect((await postTo(url)).status).toBe(401);
    expect((await postTo(url, { ...own, 'sec-fetch-site': 'cross-site' })).status).toBe(401);
    await expect.poll(() => settled).toEqual([`ada ${plan}`]);
    await guard.close();
  });

  it('The Auth.js example serves the user of the current session', async () => {
    await using world = await startWorld('own-session-auth-js');
    const { guard } = (await world.run('guard', authJs)) as { guard: Guard };
    const { current } = (await world.beside('auth.ts')) as { current: typeof currentThere };
    const ask = () =>
      guard.handler(
        new Request('http://backend.test/v1/chat/completions', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(chat()),
        }),
      );
    expect((await ask()).status).toBe(401);
    current.session = { user: { id: 'ada' } };
    const answer = await ask();
    expect(answer.status).toBe(200);
    await answer.text();
    await guard.close();
  });
});

describe('docs/show-what-is-left.md', () => {
  const [route = '', inApp = '', headers = ''] = codeOf('docs/show-what-is-left.md');
  const ownGuard = `import { createGuardedCompletion } from 'guarded-completion';
export const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  plans: { free: { models: ['gpt-5-mini'], limits: [{ requests: 15, per: '24h' }] } },
});`;

  it('The route shows a user what they have used, and the app’s snippet words it', async () => {
    await using world = await startWorld('what-is-left');
    const { guard } = (await world.run('guard', ownGuard)) as { guard: Guard };
    await world.run('backend', route);
    const { whatIsLeft } = (await world.run('app', inApp)) as {
      whatIsLeft: (login: string) => Promise<string>;
    };
    expect((await fetch(`${world.origin}/me/usage`)).status).toBe(401);
    expect(await whatIsLeft('ada')).toBe('15 of 15 left');
    expect(await askAs(guard, 'ada')).toEqual({ status: 200, code: null });
    await expectOneUsed(guard);
    expect(await whatIsLeft('ada')).toMatch(/^14 of 15 left, more at \d/);
    expect(await whatIsLeft('bob')).toBe('15 of 15 left');
    await guard.close();
  });

  it('The snippet of the headers reads what is left from an answer', async () => {
    await using world = await startWorld('left-in-headers');
    const { guard } = (await world.run('guard', ownGuard)) as { guard: Guard };
    await world.run('backend', route);
    const { value } = await guard.tokens.issue({ user: 'ada' });
    await world.run('session', `export const userToken = async () => '${value}';`);
    const lines = vi.spyOn(console, 'log').mockImplementation(() => {});
    await world.run('app', headers);
    expect(lines.mock.calls.at(-1)).toEqual(['14 questions left']);
    lines.mockRestore();
    await guard.close();
  });
});

describe('docs/deployment.md', () => {
  it('The shutdown lets running calls end, and refuses new ones so that SDKs repeat them', async () => {
    await using world = await startWorld('deployment');
    const before = process.listeners('SIGTERM');
    await world.run('backend', codeOf('docs/deployment.md')[0] ?? '');
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    const [onSigterm] = process.listeners('SIGTERM').filter((one) => !before.includes(one));
    const { value } = await guard.tokens.issue({ user: 'ada' });
    const authorization = `Bearer ${value}`;
    const url = `${world.origin}/v1/chat/completions`;
    const gate = world.fake.gate();
    world.fake.scriptNext({ beforeHeaders: gate });
    const running = postTo(url, { authorization });
    await gate.arrived();
    onSigterm?.('SIGTERM');
    const refused = await postTo(url, { authorization });
    expect([refused.status, refused.headers.get('x-guard-code')]).toEqual([503, 'shutting_down']);
    expect((await fetch(`${world.origin}/healthz`)).status).toBe(200);
    gate.open();
    expect((await running).status).toBe(200);
    const reach = () =>
      fetch(`${world.origin}/healthz`).then(
        () => 'open',
        () => 'closed',
      );
    await expect.poll(reach).toBe('closed');
    process.off('SIGTERM', onSigterm as () => void);
  });
});
