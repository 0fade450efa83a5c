import { describe, expect, it } from 'vitest';
import type { Guard } from '../../src/index.ts';
import { chat } from '../fixture.ts';
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
  ])('The %s example serves a user by their cookie, and nobody else', async (name, code, plan) => {
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
