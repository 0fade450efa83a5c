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

/** The status of an exchange. */
async function mint(minted: Promise<Response>): Promise<number> {
  const response = await minted;
  if (response.ok) watchToken(((await response.json()) as { value: string }).value);
  return response.status;
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
  ])('A cookie request with content type %s is rejected', async (type) => {
    await using fixture = await start();
    const { guard, fake } = fixture;
    const asked = request({ 'content-type': type }, CHAT, '/v1/chat/completions');
    const answer = await guard.handler(asked);
    expect([answer.status, await codeOf(answer)]).toEqual([415, 'unsupported_media_type']);
    const body = JSON.stringify({ ttl: '1m' });
    const minted = await guard.exchange.handler(request({ 'content-type': type }, body, '/token'));
    expect([minted.status, await codeOf(minted)]).toEqual([403, 'cross_site_request']);
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ['cross-site', 401],
    ['same-origin', 200],
    ['same-site', 200],
    ['none', 200],
  ])('A cookie request with sec-fetch-site "%s" returns %i', async (site, status) => {
    await using fixture = await start();
    const headers = { ...JSON_TYPE, 'sec-fetch-site': site };
    const asked = request(headers, CHAT, '/v1/chat/completions');
    expect((await fixture.guard.handler(asked)).status).toBe(status);
    const { handler } = fixture.guard.exchange;
    expect(await mint(handler(request(headers, '{}', '/token')))).toBe(status);
  });

  it.each<[string, Record<string, string>]>([
    ['no header that names it', {}],
    ['sec-fetch-site: same-site', { 'sec-fetch-site': 'same-site' }],
    ['sec-fetch-site: cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['a foreign origin', { origin: 'https://evil.test' }],
    ['the origin null', { origin: 'null' }],
    ['an origin of another port', { origin: 'http://app.test:8080' }],
    ['a login that the browser adds', { authorization: 'Basic YWRhOng=' }],
    ['a form’s content type', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a list of content types', { 'content-type': 'text/plain, application/json' }],
    ['a content type that only begins like JSON', { 'content-type': 'application/jsonx' }],
  ])('An empty form with cookies gets no user token, with %s', async (_, headers) => {
    await using fixture = await start();
    const asked = request({ host: 'app.test', ...headers }, null, '/token');
    const minted = await fixture.guard.exchange.handler(asked);
    expect([minted.status, await codeOf(minted)]).toEqual([403, 'cross_site_request']);
  });

  it('A page without cookies gets no user token for an address or a certificate either', async () => {
    const byAddress = authenticate(() => 'ada');
    await using fixture = await startFixture({ auth: byAddress, exchange: { auth: byAddress } });
    const { handler } = fixture.guard.exchange;
    const asked = (headers: HeadersInit) =>
      new Request('http://app.test/token', { method: 'POST', headers });
    expect(await mint(handler(asked({ origin: 'https://evil.test' })))).toBe(403);
    expect(await mint(handler(asked({})))).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['JSON', JSON_TYPE],
    ['JSON with a charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['sec-fetch-site: same-origin', { 'sec-fetch-site': 'same-origin' }],
    ['sec-fetch-site: none', { 'sec-fetch-site': 'none' }],
    ['its own origin', { origin: 'http://app.test' }],
    ['a bearer credential', { authorization: 'Bearer login' }],
  ])('The app’s own page gets a user token for its cookies with %s', async (_, headers) => {
    await using fixture = await start();
    const asked = request({ host: 'app.test', ...headers }, null, '/token');
    expect(await mint(fixture.guard.exchange.handler(asked))).toBe(200);
  });

  it('An app of another site that sends its own credential is served', async () => {
    const byHeader = authenticate((asked) => asked.header('authorization')?.slice(7) ?? null);
    await using fixture = await startFixture({ auth: byHeader });
    const headers = { ...JSON_TYPE, 'sec-fetch-site': 'cross-site', authorization: 'Bearer ada' };
    const asked = request(headers, CHAT, '/v1/chat/completions');
    expect((await fixture.guard.handler(asked)).status).toBe(200);
  });
});
