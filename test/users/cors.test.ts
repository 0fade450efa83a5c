import { describe, expect, it } from 'vitest';
import { chat, startFixture, tokenOf } from '../fixture.ts';

const ORIGIN = 'https://app.example.com';
const URL_ = 'http://app.test/v1/chat/completions';

async function answerTo(origin: string | undefined, method: string, cors?: { origins: string[] }) {
  await using fixture = await startFixture(cors === undefined ? {} : { cors });
  const headers = new Headers({ 'content-type': 'application/json' });
  if (origin !== undefined) headers.set('origin', origin);
  if (method === 'OPTIONS') {
    headers.set('access-control-request-method', 'POST');
    headers.set('access-control-request-headers', 'authorization, content-type, x-stainless-os');
  } else headers.set('authorization', `Bearer ${await tokenOf(fixture.guard)}`);
  const body = method === 'POST' ? JSON.stringify(chat()) : null;
  const answer = await fixture.guard.handler(new Request(URL_, { method, headers, body }));
  await answer.text();
  return { status: answer.status, headers: answer.headers, sent: fixture.fake.requests.length };
}

const corsHeaders = (headers: Headers) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('CORS', () => {
  it('CORS is off by default, so no page of another origin can read a response', async () => {
    const { status, headers } = await answerTo(ORIGIN, 'POST');
    expect([status, corsHeaders(headers)]).toEqual([200, []]);
    const preflight = await answerTo(ORIGIN, 'OPTIONS');
    expect([preflight.status, corsHeaders(preflight.headers)]).toEqual([401, []]);
  });

  it('The preflight of a listed origin succeeds without a credential and without a call', async () => {
    const { status, headers, sent } = await answerTo(ORIGIN, 'OPTIONS', { origins: [ORIGIN] });
    expect([status, sent]).toEqual([204, 0]);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(headers.get('access-control-allow-headers')).toContain('x-stainless-os');
    expect(headers.get('vary')).toContain('Origin');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('A listed origin can read the headers that it needs, also on a denial', async () => {
    for (const method of ['POST', 'PUT']) {
      const { headers } = await answerTo(ORIGIN, method, { origins: [ORIGIN] });
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      const exposed = headers.get('access-control-expose-headers')?.split(', ');
      expect(exposed).toEqual(
        expect.arrayContaining([
          'x-guard-code',
          'x-guard-reset',
          'x-guard-shadow',
          'retry-after',
          'ratelimit',
          'x-should-retry',
        ]),
      );
      expect(headers.get('vary')).toContain('Origin');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it.each([
    undefined,
    'null',
    '*',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.com',
    'https://evil.com/https://app.example.com',
    'https://xapp.example.com',
    'https://APP.example.com',
    'https://app.example.com/',
    `${ORIGIN}, https://evil.com`,
  ])('The origin %s gets no CORS headers', async (origin) => {
    for (const method of ['OPTIONS', 'POST']) {
      const { status, headers } = await answerTo(origin, method, { origins: [ORIGIN] });
      expect([method, status, corsHeaders(headers)]).toEqual([
        method,
        method === 'POST' ? 200 : 401,
        [],
      ]);
      expect(headers.get('vary')).toContain('Origin');
    }
  });
});
