import { describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { limitCounts, serveFixture } from '../attacks/served.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { openRequest, statusOf } from '../http/client.ts';

describe('A malformed Authorization header', () => {
  const lines = (token: string): Record<string, string> => ({
    'none at all': '',
    empty: 'authorization: \r\n',
    'the scheme alone': 'authorization: Bearer\r\n',
    'no scheme': `authorization: ${token}\r\n`,
    'another scheme': `authorization: Basic ${token}\r\n`,
    'two headers': `authorization: Bearer ${token}\r\nauthorization: Bearer ${token}\r\n`,
    'two headers, another case': `Authorization: Bearer ${token}\r\nAUTHORIZATION: Bearer x\r\n`,
    'two in one': `authorization: Bearer ${token}, Bearer ${token}\r\n`,
    'a parameter': `authorization: Bearer ${token}; x=y\r\n`,
    quotes: `authorization: Bearer "${token}"\r\n`,
    'a space within': `authorization: Bearer ${token.slice(0, 9)} ${token.slice(9)}\r\n`,
    'beyond ASCII': `authorization: Bearer ${token}\xe9\r\n`,
    'beyond 8 KiB': `authorization: Bearer ${'A'.repeat(9_000)}\r\n`,
    'percent-encoded': `authorization: Bearer ${encodeURIComponent(`${token} `)}\r\n`,
    'another header': `x-api-key: ${token}\r\n`,
    'a cookie': `cookie: authorization=Bearer ${token}\r\n`,
  });
  it('A malformed Authorization header gets 401 with the same body each time', async () => {
    await using served = await serveFixture();
    const token = await tokenOf(served.guard);
    const answers = new Set<string>();
    for (const [name, line] of Object.entries(lines(token))) {
      const body = JSON.stringify(chat());
      const request = openRequest(
        served.port,
        `POST /v1/chat/completions HTTP/1.1\r\nhost: app.test\r\n${line}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      const answer = await request.until('"code":"invalid_credential"}}');
      expect([name, statusOf(answer)]).toEqual([name, 401]);
      expect(answer.toLowerCase()).toContain('www-authenticate: bearer');
      answers.add(answer.slice(answer.indexOf('{')));
      request.socket.destroy();
    }
    expect(answers.size).toBe(1);
    expect(served.failed).toEqual([]);
    expect(served.fake.requests).toEqual([]);
  });

  it('An Authorization header of one megabyte is rejected by the server, which keeps running', async () => {
    await using served = await serveFixture();
    const request = openRequest(
      served.port,
      `POST /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${'A'.repeat(1_000_000)}\r\n\r\n`,
    );
    expect(statusOf(await request.until('\r\n\r\n'))).toBe(431);
    expect((await post(served.guard, await tokenOf(served.guard), chat())).status).toBe(200);
    request.socket.destroy();
  });
});

describe('User ids with special meaning to a store', () => {
  const ids = [
    "' OR 1=1 --",
    '%',
    '*',
    '_',
    '?',
    '{tag}',
    '{ada}',
    'a:b',
    'user:ada',
    'global',
    'token:x',
    '../ada',
    '..',
    'ada|requests',
    'ada ',
    ' ada',
    'ADA',
    'аda',
    '\u200bada',
    '[object Object]',
    'null',
    'undefined',
    '0',
    '__proto__',
    'constructor',
    'x'.repeat(256),
    '🙂'.repeat(60),
    '\\',
    '"',
    '$1',
  ];
  const limits = [{ requests: 2, per: '24h' as const }, { concurrent: 2 }];

  it('Each special user id names one separate user', async () => {
    const ledger = memoryLedger();
    await using fixture = await startFixture({
      plans: { free: { models: [MODEL], limits } },
      ledger,
    });
    const { guard, fake } = fixture;
    for (const id of ids) {
      const token = await tokenOf(guard, id);
      expect([id, (await post(guard, token, chat())).status]).toEqual([id, 200]);
    }
    await expect.poll(() => fixture.settled.length).toBe(ids.length);
    expect(await limitCounts(guard, 'ada')).toEqual({ used: 0, held: 0 });
    for (const id of ids)
      expect([id, await limitCounts(guard, id)]).toEqual([id, { used: 1, held: 0 }]);
    expect(new Set(fake.invoice.map(({ safetyIdentifier }) => safetyIdentifier)).size).toBe(
      ids.length,
    );
    await guard.users.block('*', { reason: 'x' });
    await guard.users.block('{ada}', { reason: 'x' });
    expect((await post(guard, await tokenOf(guard, '%'), chat())).status).toBe(200);
    expect(await codeOf(await post(guard, await tokenOf(guard, '*'), chat()))).toBe('user_blocked');
  });

  it.each(['', 'x'.repeat(257), 'x'.repeat(10_240), 'a\0b', 'a\nb', '\u2028', '\ud800', '\u0085'])(
    'A user id that cannot be stored throws a TypeError: %j',
    async (id) => {
      await using fixture = await startFixture();
      const { users, tokens } = fixture.guard;
      await expect(tokens.issue({ user: id })).rejects.toThrow(TypeError);
      await expect(users.usage(id)).rejects.toThrow(TypeError);
      await expect(users.block(id, { reason: 'x' })).rejects.toThrow(TypeError);
      expect(() => fixture.guard.fetchAs(id)).toThrow(TypeError);
    },
  );

  it.each([{ id: '' }, { id: 'a\nb' }, { id: 7.5 }, { id: 'x'.repeat(257) }, {}, null])(
    'An invalid user from an authenticator of the app fails the call with 500: %o',
    async (user) => {
      const auth = { authenticate: () => ({ user }) as never };
      await using fixture = await startFixture({ auth });
      const answer = await post(fixture.guard, 'any', chat());
      expect([answer.status, await codeOf(answer)]).toEqual([500, 'internal_error']);
      expect(fixture.fake.requests).toEqual([]);
    },
  );
});
