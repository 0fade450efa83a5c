import { describe, expect, it } from 'vitest';
import { bearer } from '../../src/auth/index.ts';
import { watchToken } from '../canary.ts';
import { chat, post, startFixture } from '../fixture.ts';
import { hosts } from './hosts.ts';

const LOGIN = 'a-login-of-the-user-ada';
const PREFIX = '/deep/token';

describe.each(hosts)('An exchange mounted on $name', ({ name, start }) => {
  it('The exchange responds at its mount point, with and without a body, and to a preflight', async () => {
    const auth = bearer({ [LOGIN]: 'ada' });
    await using fixture = await startFixture({
      exchange: { auth },
      cors: { origins: ['https://app.test'] },
    });
    await using host = await start(fixture.guard.exchange, PREFIX);
    // A catch-all route of Next has at least one segment.
    const url = host.origin + PREFIX + (name.startsWith('Next') ? '/exchange' : '');
    const authorization = `Bearer ${LOGIN}`;
    const plain = await fetch(url, { method: 'POST', headers: { authorization } });
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ singleUse: true });
    const wished = await fetch(url, { method: 'POST', headers, body });
    expect([plain.status, wished.status]).toEqual([200, 200]);
    for (const answer of [plain, wished]) {
      const { value } = (await answer.json()) as { value: string };
      expect((await post(fixture.guard, watchToken(value), chat())).status).toBe(200);
    }
    // A browser asks first, before a page of another origin may send its login.
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.test',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.test',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type',
    });
    const stranger = await fetch(url, { method: 'POST' });
    expect(stranger.status).toBe(401);
  });
});
