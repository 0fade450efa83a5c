import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MODEL, startFixture, tokenOf } from '../fixture.ts';
import { limitCounts, nextEnding } from './served.ts';
import { spiedLedger } from './spied-ledger.ts';

const routes = [
  ['/v1/chat/completions', { model: MODEL, messages: [{ role: 'user', content: 'hi' }] }],
  ['/v1/responses', { model: MODEL, input: 'hi' }],
  ['/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'hi' }],
  ['/v1/embeddings', { model: 'text-embedding-3-small', input: 'hi', dimensions: 8 }],
] as const;

type Attempt = { header?: [string, string]; body?: Record<string, unknown>; query?: string };
const header = (name: string, value = 'eve'): Attempt => ({ header: [name, value] });
const field = (name: string, value: unknown = 'eve'): Attempt => ({ body: { [name]: value } });
const channels: readonly Attempt[] = [
  ...[
    'x-user-id',
    'x-user',
    'x-identity',
    'x-tier',
    'x-plan',
    'x-forwarded-user',
    'remote-user',
  ].map((name) => header(name)),
  header('x-openai-user'),
  header('openai-safety-identifier'),
  header('openai-organization'),
  header('cookie', 'user=eve; session=eve'),
  header('x-guard-user'),
  header('from', 'eve@example.com'),
  field('user'),
  field('safety_identifier'),
  field('metadata', { user_id: 'eve', user: 'eve' }),
  field('userId'),
  field('plan', 'pro'),
  field('identity', { id: 'eve' }),
  field('end_user'),
  field('extra_body', { user: 'eve' }),
  field('prompt_cache_key'),
  { query: 'user=eve' },
  { query: 'safety_identifier=eve' },
  { query: 'plan=pro' },
];

const plan = {
  models: [MODEL, 'gpt-3.5-turbo-instruct', 'text-embedding-3-small'],
  maxOutputTokens: 50,
  limits: [{ requests: 1_000, per: '24h' as const }],
};
const plans = { free: plan, pro: { ...plan, maxOutputTokens: 90 } };

describe.each(routes)('Attempts to act as another user on %s', (path, body) => {
  it.each(channels)('A client cannot act as another user by sending %o', async (attempt) => {
    const ledger = spiedLedger();
    await using fixture = await startFixture({ plans, planOf: () => 'free', ledger });
    const { guard, fake } = fixture;
    const token = await tokenOf(guard, 'ada');
    const send = (more: Attempt) => {
      const headers = new Headers({
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
      });
      if (more.header) headers.set(...more.header);
      const url = `http://app.test${path}${more.query ? `?${more.query}` : ''}`;
      const init = { method: 'POST', headers, body: JSON.stringify({ ...body, ...more.body }) };
      return guard.handler(new Request(url, init));
    };
    const ending = nextEnding(guard, 'ada');
    await (await send({})).text();
    await ending;
    const again = await send(attempt);
    await again.text();
    expect(again.status).toSatisfy((status) => status === 200 || status === 400);
    expect(fake.requests).toHaveLength(again.status === 200 ? 2 : 1);
    const tags = fake.invoice.map((line) => line.safetyIdentifier ?? line.user);
    expect(new Set(tags).size).toBe(1);
    expect(fake.requests.at(-1)?.bodyText).not.toMatch(/\beve\b|"pro"/);
    expect(JSON.stringify(fake.requests.at(-1)?.headers)).not.toContain('eve');
    const subjects = ledger.reserved.flatMap(({ claims }) =>
      claims.map(({ account: subject }) => subject),
    );
    const ofUsers = subjects.filter((subject) => !subject.startsWith('upstream:'));
    expect(new Set(ofUsers)).toEqual(new Set(['user:ada']));
    await expect.poll(async () => (await limitCounts(guard, 'ada')).held).toBe(0);
    expect((await limitCounts(guard, 'ada')).used).toBe(fake.requests.length);
    expect(await limitCounts(guard, 'eve')).toEqual({ used: 0, held: 0 });
  });
});

async function tagOf(user: string, secret?: string): Promise<string> {
  await using fixture = await startFixture(secret === undefined ? {} : { secret });
  await guardChat(fixture.guard, user);
  return String(fixture.fake.invoice[0]?.safetyIdentifier);
}

async function guardChat(guard: Parameters<typeof tokenOf>[0], user: string): Promise<void> {
  const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'hi' }] });
  const headers = {
    authorization: `Bearer ${await tokenOf(guard, user)}`,
    'content-type': 'application/json',
  };
  const init = { method: 'POST', headers, body };
  await (await guard.handler(new Request('http://app.test/v1/chat/completions', init))).text();
}

describe('The privacy of the end-user id', () => {
  it('The end-user id is no plain digest of the user’s id that a dictionary could reverse', async () => {
    for (const email of ['ada@example.com', 'Ada@Example.com', 'bob@example.com']) {
      const tag = await tagOf(email);
      expect(tag).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
        for (const text of [email, email.toLowerCase(), `user:${email}`]) {
          const digest = createHash(algorithm).update(text).digest();
          for (const encoding of ['hex', 'base64', 'base64url'] as const) {
            expect(digest.toString(encoding)).not.toContain(tag.slice(0, 16));
          }
        }
      }
    }
  });

  it('The end-user id is the same in every process, and differs per secret and per user', async () => {
    const [ada, again, other, bob] = [
      await tagOf('ada'),
      await tagOf('ada'),
      await tagOf('ada', 'another secret '.repeat(4)),
      await tagOf('bob'),
    ];
    expect(again).toBe(ada);
    expect(new Set([ada, other, bob]).size).toBe(3);
  });
});

describe('The coverage of the end-user id', () => {
  it('The end-user id is sent with every call on every route that takes one, streams included', async () => {
    await using fixture = await startFixture({ plans: { free: plan } });
    const { guard, fake } = fixture;
    const token = await tokenOf(guard);
    for (const [path, body] of routes) {
      for (const stream of path === '/v1/embeddings' ? [false] : [false, true]) {
        const sent = JSON.stringify(stream ? { ...body, stream } : body);
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const init = { method: 'POST', headers, body: sent };
        const answer = await guard.handler(new Request(`http://app.test${path}`, init));
        expect([path, answer.status]).toEqual([path, 200]);
        await answer.text();
      }
    }
    const tags = fake.invoice.map((line) => line.safetyIdentifier ?? line.user);
    expect(tags).toHaveLength(7);
    expect(new Set(tags).size).toBe(1);
    expect(tags[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
