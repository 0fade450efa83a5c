import { describe, expect, it } from 'vitest';
import { authenticate } from '../../src/auth/index.ts';
import { watchToken } from '../canary.ts';
import { chat, codeOf, startFixture } from '../fixture.ts';

/** The browser of the user Ada sends the session cookie with every request, from any page. */
const auth = authenticate((request) => (request.header('cookie') === 'session=ada' ? 'ada' : null));
const start = () => startFixture({ auth, exchange: { auth } });

function request(headers: Record<string, string>, body: string | null, path: string): Request {
  const url = `http://app.test${path}`;
  return new Request(url, { method: 'POST', headers: { cookie: 'session=ada', ...headers }, body });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const CHAT = JSON.stringify(chat());

describe('A page of another site that sends a user’s cookies', () => {
  // Content types that a form, or `fetch` without a preflight, can send.
  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ])('A cookie request with content type %s is rejected with 415', async (type) => {
    await using fixture = await start();
    const { guard, fake } = fixture;
    const asked = request({ 'content-type': type }, CHAT, '/v1/chat/completions');
    const answer = await guard.handler(asked);
    expect([answer.status, await codeOf(answer)]).toEqual([415, 'unsupported_media_type']);
    const body = JSON.stringify({ ttl: '1m' });
    const minted = await guard.exchange.handler(request({ 'content-type': type }, body, '/token'));
    expect(minted.status).toBe(415);
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ['cross-site', 401],
    ['same-origin', 200],
    ['same-site', 200],
    ['none', 200],
  ])('A cookie request with sec-fetch-site "%s" returns %i', async (site, status) => {
    await using fixture = await start();
    const { guard } = fixture;
    const headers = { 'sec-fetch-site': site };
    const asked = request({ ...JSON_TYPE, ...headers }, CHAT, '/v1/chat/completions');
    expect((await guard.handler(asked)).status).toBe(status);
    const minted = await guard.exchange.handler(request(headers, null, '/token'));
    expect(minted.status).toBe(status);
    if (minted.status === 200) watchToken(((await minted.json()) as { value: string }).value);
  });

  it('An app of another site that sends its own credential is served', async () => {
    const byHeader = authenticate((asked) => asked.header('authorization')?.slice(7) ?? null);
    await using fixture = await startFixture({ auth: byHeader });
    const headers = { ...JSON_TYPE, 'sec-fetch-site': 'cross-site', authorization: 'Bearer ada' };
    const asked = request(headers, CHAT, '/v1/chat/completions');
    expect((await fixture.guard.handler(asked)).status).toBe(200);
  });
});
