import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../src/auth/client-address.ts';
import { type AnonymousOptions, anonymous, anyOf, userTokens } from '../../src/auth/index.ts';
import { type GuardRequest, type LimitSpec, toNodeHandler } from '../../src/index.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = {
  anonymous: { models: [MODEL], limits: [{ requests: 1, per: '24h' }] as LimitSpec[] },
  free: { models: [MODEL], limits: [{ requests: 3, per: '24h' }] as LimitSpec[] },
};
const planOf = (user: { anonymous?: boolean }) => (user.anonymous ? 'anonymous' : 'free');
const auth = (options: AnonymousOptions = {}) => anyOf(userTokens(), anonymous(options));

interface Call {
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function call({ guard }: Fixture, { from = '198.51.100.7', headers = {} }: Call = {}) {
  const request = new Request('http://app.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(chat()),
  });
  const answer = await guard.handler(request, { remoteAddress: from });
  return answer.status === 200 ? answer.text().then(() => 'served') : codeOf(answer);
}

describe('The address of a client', () => {
  const PEER = '192.0.2.1';
  it.each<[number, string, string, string | undefined]>([
    [0, '', PEER, PEER],
    [0, '203.0.113.9', PEER, PEER],
    [1, '203.0.113.9', PEER, '203.0.113.9'],
    [1, '1.2.3.4, 203.0.113.9', PEER, '203.0.113.9'],
    [1, '1.2.3.4,5.6.7.8,203.0.113.9', PEER, '203.0.113.9'],
    [2, '1.2.3.4, 203.0.113.9, 10.0.0.1', PEER, '203.0.113.9'],
    [2, '203.0.113.9', PEER, '203.0.113.9'],
    [1, '', PEER, PEER],
    [1, '203.0.113.9:51234', PEER, '203.0.113.9'],
    [1, '[2001:db8:1:2:3:4:5:6]:443', PEER, '2001:db8:1:2::/64'],
    [1, 'unknown', PEER, undefined],
    [1, '_hidden', PEER, undefined],
    [1, '127.1', PEER, undefined],
    [1, '0x7f.0.0.1', PEER, undefined],
    [1, '999.1.1.1', PEER, undefined],
    [1, `${'1.2.3.4, '.repeat(1_000)}9.9.9.9`, PEER, undefined],
    [0, '', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    [0, '', '2001:DB8:0001:2::ffff', '2001:db8:1:2::/64'],
    [0, '', '2001:db8::1', '2001:db8:0:0::/64'],
    [0, '', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    [0, '', '::1', '0:0:0:0::/64'],
    [0, '', '::ffff:203.0.113.9', '203.0.113.9'],
    [0, '', '::ffff:cb00:7109', '203.0.113.9'],
    [0, '', '::ffff:203.0.113.9%eth0', '203.0.113.9'],
    // A form that RFC 4291 deprecates; sockets do not report it.
    [0, '', '::203.0.113.9', '203.0.113.9'],
    [0, '', '64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
    [0, '', 'fe80::1%br-lan.0', 'fe80:0:0:0::/64'],
    [1, '1', PEER, undefined],
    [1, '0xcb007109', PEER, undefined],
    [1, '203.0.113', PEER, undefined],
    [1, '203.0.113.010', PEER, undefined],
    [1, '203.0.113.9/8', PEER, undefined],
    [1, '203.0.113.9%eth0', PEER, undefined],
    [1, '::ffff:203.0.113.010', PEER, undefined],
    [1, '2001:db8::00001', PEER, undefined],
    [1, '2001:db8:1:2:3:4:5:6:7', PEER, undefined],
    [1, '2001:db8::1::2', PEER, undefined],
    [1, '2001:db8::1/64', PEER, undefined],
    [0, '', '', undefined],
  ])(
    'Behind %i proxies, forwarded "%s" from %s, the client address is %s',
    (hops, forwarded, remoteAddress, network) => {
      const header = (name: string) =>
        name === 'x-forwarded-for' && forwarded !== '' ? forwarded : undefined;
      const request = { header, remoteAddress } as GuardRequest;
      expect(clientAddress(request, hops)).toBe(network);
    },
  );

  it('The client address is read from no other header than x-forwarded-for', () => {
    const asked: string[] = [];
    const header = (name: string) => void asked.push(name) as undefined;
    clientAddress({ header, remoteAddress: PEER } as unknown as GuardRequest, 1);
    expect(asked).toEqual(['x-forwarded-for']);
  });
});

describe('Anonymous users', () => {
  it('Anonymous users are told apart by their addresses over a real connection', async () => {
    await using fixture = await startFixture({ plans, planOf, auth: auth() });
    const server = createServer(toNodeHandler(fixture.guard));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const from = (localAddress: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        const path = '/v1/chat/completions';
        const options = { port, host: '127.0.0.1', localAddress, method: 'POST', headers, path };
        const request = httpRequest(options, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
        });
        request.on('error', reject).end(JSON.stringify(chat()));
      });
    expect([await from('127.0.0.1'), await from('127.0.0.1')]).toEqual([200, 429]);
    expect(await from('127.0.0.2')).toBe(200);
    server.closeAllConnections();
    server.close();
  });

  it('Anonymous users of one IPv6 subscriber are one user', async () => {
    await using fixture = await startFixture({ plans, planOf, auth: auth() });
    expect(await call(fixture, { from: '2001:db8:1:2::1' })).toBe('served');
    expect(await call(fixture, { from: '2001:db8:1:2:ffff::9' })).toBe('quota_exceeded');
    expect(await call(fixture, { from: '2001:db8:1:3::1' })).toBe('served');
  });

  it('A call without a credential or with the key "anonymous" is anonymous; an invalid one is rejected', async () => {
    await using fixture = await startFixture({ plans, planOf, auth: auth() });
    const key = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });
    expect(await call(fixture, key('anonymous'))).toBe('served');
    for (const bad of ['gct_x', 'sk-123', 'anonymous2', '']) {
      expect(await call(fixture, { ...key(bad), from: '198.51.100.8' })).toBe('invalid_credential');
    }
    const token = await tokenOf(fixture.guard);
    expect((await post(fixture.guard, token, chat())).status).toBe(200);
    expect(fixture.settled.map(({ userId }) => userId.startsWith('anonymous:'))).toEqual([
      true,
      false,
    ]);
  });

  it('Anonymous users by device share the limit per address, however many devices it names', async () => {
    const device = (request: GuardRequest) => request.header('x-device');
    const perAddress: LimitSpec[] = [{ requests: 2, per: '24h' }];
    await using fixture = await startFixture({ plans, planOf, auth: auth({ device, perAddress }) });
    const ask = (name: string, from = '198.51.100.7') =>
      call(fixture, { from, headers: { 'x-device': name } });
    expect(await ask('device-one')).toBe('served');
    expect(await ask('device-one')).toBe('quota_exceeded');
    expect(await ask('device-two')).toBe('served');
    expect(await ask('device-three')).toBe('quota_exceeded');
    expect(await ask('device-three', '198.51.100.99')).toBe('served');
    // The device belongs to its user, so another address gives it no new quota.
    expect(await ask('device-one', '198.51.100.98')).toBe('quota_exceeded');
    for (const bad of ['', 'short', 'x'.repeat(257), 'with space']) {
      expect(await ask(bad)).toBe('invalid_credential');
    }
  });

  it('Anonymous users are stored and named only by keyed hashes', async () => {
    await using fixture = await startFixture({ plans, planOf, auth: auth() });
    await call(fixture, { from: '198.51.100.77' });
    await expect.poll(() => fixture.settled.length).toBe(1);
    const { userId = '' } = fixture.settled[0] ?? {};
    expect(userId).toMatch(/^anonymous:[\w-]{43}$/);
    await using other = await startFixture({ plans, planOf, auth: auth(), secret: 'x'.repeat(32) });
    await call(other, { from: '198.51.100.77' });
    await expect.poll(() => other.settled.length).toBe(1);
    expect(other.settled[0]?.userId).not.toBe(userId);
  });

  it('A call without a known address fails with 500, because the set-up is wrong', async () => {
    await using fixture = await startFixture({ plans, planOf, auth: auth() });
    expect(await call(fixture, { from: '' })).toBe('internal_error');
    expect(String(fixture.failed[0]?.error)).toContain('remoteAddress');
  });

  it.each([
    { trustProxy: -1 },
    { trustProxy: true },
    { device: 'x' },
    { by: 'ip' },
    { perAddress: [{}] },
  ])('anonymous() throws a TypeError for %j', (options) => {
    expect(() => anonymous(options as never)).toThrow(TypeError);
  });
});
