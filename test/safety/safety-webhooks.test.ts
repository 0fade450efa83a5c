import OpenAI5 from 'openai-5';
import OpenAI6 from 'openai-6';
import { describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/index.ts';
import { safetyWebhooks } from '../../src/safety/safety-webhooks.ts';
import { signedWebhook } from '../../src/testing/index.ts';
import { chat, codeOf, post, tokenOf } from '../fixture.ts';
import { hosts } from '../http/hosts.ts';
import {
  clientOf,
  deliver,
  endUserIdOf,
  mountOn,
  noticeOf,
  notify,
  READER_KEY,
  requestOf,
  SECRET,
  startSafety,
} from './notices.ts';

const blockOf = async (guard: Parameters<typeof tokenOf>[0], user = 'ada') =>
  (await guard.users.usage(user)).block;

/** Hosts that leave no raw body. */
const PARSED = new Set(['Express 5 behind express.json()', 'Koa behind a body parser']);

describe.each(hosts)('A deactivation that arrives on $name', ({ name, start }) => {
  it(
    PARSED.has(name) ? 'A parsed body fails the webhook' : 'A deactivation blocks its user',
    async () => {
      await using fixture = await startSafety();
      const { fake, guard, noticed, failed } = fixture;
      const endUserId = await endUserIdOf(fixture);
      await using host = await start(mountOn(fixture), '/openai');
      const caseId = fake.openSafetyCase({
        endUserId,
        type: 'deactivation',
        reason: 'cyber_abuse',
      });
      const init = requestOf(noticeOf('deactivation', caseId));
      const answer = await fetch(`${host.origin}/openai/webhooks`, init);
      if (PARSED.has(name)) {
        expect(answer.status).toBe(500);
        expect(await answer.text()).toContain('mount the webhooks before it');
        expect(failed).toMatchObject([{ source: 'webhook', error: { name: 'RawBodyError' } }]);
        expect([noticed, await blockOf(guard)]).toEqual([[], undefined]);
        return;
      }
      expect(answer.status).toBe(200);
      const notice = {
        kind: 'deactivation',
        userId: 'ada',
        endUserId,
        reason: 'cyber_abuse',
        caseId,
      };
      expect(noticed).toEqual([notice]);
      expect(await blockOf(guard)).toEqual({ reason: 'cyber_abuse' });
      const denied = await post(guard, await tokenOf(guard), chat());
      expect([denied.status, await codeOf(denied)]).toEqual([403, 'user_blocked']);
    },
  );
});

describe('A safety notice', () => {
  it('A notice whose body the server has read fails the webhook, so that it is sent again', async () => {
    await using fixture = await startSafety();
    const init = requestOf(noticeOf('warning', 'case_1'));
    const request = new Request('http://app.test/webhooks', init);
    await request.text();
    expect((await mountOn(fixture).handler(request)).status).toBe(500);
    expect(fixture.failed).toMatchObject([{ source: 'webhook', error: { name: 'RawBodyError' } }]);
  });

  it.each(['warning', 'deactivation'] as const)('A %s emits a safety event', async (type) => {
    await using fixture = await startSafety();
    const endUserId = await endUserIdOf(fixture);
    expect(await notify(mountOn(fixture), fixture.fake, { endUserId, type })).toBe(200);
    expect(fixture.noticed).toMatchObject([{ kind: type, userId: 'ada', reason: undefined }]);
    const block = type === 'warning' ? undefined : { reason: expect.stringContaining('OpenAI') };
    expect(await blockOf(fixture.guard)).toEqual(block);
  });

  it('The operator’s handlers replace the default action', async () => {
    await using fixture = await startSafety();
    const endUserId = await endUserIdOf(fixture);
    const done: unknown[] = [];
    const mounted = mountOn(fixture, {
      onWarning: ({ userId, reason }) => void done.push(['warned', userId, reason]),
      onDeactivation: async ({ userId, caseId }) => void done.push(['left', userId, caseId]),
    });
    await notify(mounted, fixture.fake, { endUserId, type: 'warning', reason: 'bio' });
    await notify(mounted, fixture.fake, { endUserId, type: 'deactivation' });
    expect(done).toEqual([
      ['warned', 'ada', 'bio'],
      ['left', 'ada', 'C-00000002'],
    ]);
    expect(await blockOf(fixture.guard)).toBeUndefined();
    expect(fixture.noticed).toHaveLength(2);
  });

  it('A notice about an unknown user emits an event and returns 200', async () => {
    await using fixture = await startSafety();
    const endUserId = 'of-another-backend';
    const status = await notify(mountOn(fixture), fixture.fake, {
      endUserId,
      type: 'deactivation',
    });
    expect(status).toBe(200);
    expect(fixture.noticed).toMatchObject([{ userId: undefined, endUserId }]);
    expect(fixture.blocked).toEqual([]);
  });

  it('An event of another kind returns 200 and causes no request to OpenAI', async () => {
    await using fixture = await startSafety();
    const mounted = mountOn(fixture);
    for (const type of ['batch.completed', 'safety.alert.created', 'toString', '__proto__']) {
      const answer = await deliver(mounted, requestOf({ type, data: { id: 'C-1' } }));
      expect([type, answer.status]).toEqual([type, 200]);
    }
    expect([fixture.fake.requests, fixture.noticed]).toEqual([[], []]);
  });

  it('A notice that is repeated or arrives after a later one changes nothing more', async () => {
    await using fixture = await startSafety();
    const { fake, guard, noticed, blocked } = fixture;
    const endUserId = await endUserIdOf(fixture);
    const mounted = mountOn(fixture);
    const warning = fake.openSafetyCase({ endUserId, type: 'warning' });
    const deactivation = fake.openSafetyCase({ endUserId, type: 'deactivation', reason: 'bio' });
    const late = requestOf(noticeOf('warning', warning));
    const first = requestOf(noticeOf('deactivation', deactivation));
    for (const init of [first, first, late, first, late]) {
      expect((await deliver(mounted, init)).status).toBe(200);
    }
    expect(noticed.map(({ kind }) => kind)).toEqual(['deactivation', 'warning']);
    expect(await blockOf(guard)).toEqual({ reason: 'bio' });
    await guard.users.unblock('ada');
    expect((await deliver(mounted, first)).status).toBe(200);
    expect([blocked.length, await blockOf(guard)]).toEqual([1, undefined]);
    // A process that has not seen the notice may apply it once more, with the same result.
    expect((await deliver(mountOn(fixture), first)).status).toBe(200);
    expect(await blockOf(guard)).toEqual({ reason: 'bio' });
  });
});

describe('Notices without a fresh signature of OpenAI', () => {
  const event = noticeOf('deactivation', 'C-00000001');
  const signed = () => signedWebhook(event, { secret: SECRET });
  const minutes = (count: number) => Date.now() + count * 60_000;
  const withHeader = (name: string, value: string | undefined) => {
    const { body, headers } = signed();
    const { [name]: _, ...rest } = headers;
    return {
      method: 'POST',
      body,
      headers: value === undefined ? rest : { ...rest, [name]: value },
    };
  };
  const forged = Buffer.from('forged').toString('base64');

  it.each<[string, () => RequestInit]>([
    ['another secret', () => requestOf(event, { secret: `${SECRET.slice(0, -4)}AAAA` })],
    ['an empty secret', () => requestOf(event, { secret: '' })],
    ['a timestamp 6 minutes old', () => requestOf(event, { atMs: minutes(-6) })],
    ['a timestamp in the future', () => requestOf(event, { atMs: minutes(6) })],
    ['a timestamp that was not signed', () => withHeader('webhook-timestamp', '1')],
    ['another body', () => ({ ...requestOf(event), body: signed().body.replace('C-0', 'C-1') })],
    ['another id', () => withHeader('webhook-id', 'wh_other')],
    ['a forged signature', () => withHeader('webhook-signature', `v1,${forged}`)],
    ['no signature', () => withHeader('webhook-signature', undefined)],
    ['no timestamp', () => withHeader('webhook-timestamp', undefined)],
    ['no id', () => withHeader('webhook-id', undefined)],
    ['no headers', () => ({ method: 'POST', body: signed().body })],
    ['no body', () => ({ method: 'POST', headers: signed().headers })],
  ])('A notice with %s is rejected with 400 and changes nothing', async (_, init) => {
    await using fixture = await startSafety();
    const endUserId = await endUserIdOf(fixture);
    fixture.fake.openSafetyCase({ endUserId, type: 'deactivation' });
    const answer = await deliver(mountOn(fixture), init());
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'invalid_request']);
    expect(fixture.fake.requests).toHaveLength(1);
    expect([fixture.noticed, fixture.blocked]).toEqual([[], []]);
  });

  it('Another method is rejected with 405, and a body that is too large with 413', async () => {
    await using fixture = await startSafety();
    const get = await deliver(mountOn(fixture), { method: 'GET' });
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const large = await deliver(mountOn(fixture), { method: 'POST', body: 'x'.repeat(65_537) });
    expect(large.status).toBe(413);
    expect(fixture.failed).toEqual([]);
  });
});

describe('Notices that fail and are repeated', () => {
  it('A notice fails with 500 while OpenAI fails, and succeeds when repeated', async () => {
    await using fixture = await startSafety();
    const endUserId = await endUserIdOf(fixture);
    const mounted = mountOn(fixture);
    const id = fixture.fake.openSafetyCase({ endUserId, type: 'deactivation' });
    const init = requestOf(noticeOf('deactivation', id));
    fixture.fake.scriptNext({ reply: { status: 503, body: '{}' } }, 2);
    expect((await deliver(mounted, init)).status).toBe(500);
    expect(fixture.failed).toMatchObject([{ source: 'webhook', error: { status: 503 } }]);
    expect((await deliver(mounted, init)).status).toBe(200);
    expect(await blockOf(fixture.guard)).toBeDefined();
  });

  it('A notice fails with 500 while the store fails, and succeeds when repeated', async () => {
    const store = { fails: false };
    const inner = memoryLedger();
    const records = new Proxy(inner.records, {
      get(target, name) {
        if (name === 'put' && store.fails) return () => Promise.reject(new Error('disk full'));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const ledger = new Proxy(inner, {
      get(target, name) {
        if (name === 'records') return records;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await using fixture = await startSafety({ ledger });
    const endUserId = await endUserIdOf(fixture);
    const mounted = mountOn(fixture);
    store.fails = true;
    const failing = await notify(mounted, fixture.fake, { endUserId, type: 'deactivation' });
    expect([failing, fixture.noticed]).toEqual([500, []]);
    expect(fixture.failed).toMatchObject([{ source: 'webhook', error: { message: 'disk full' } }]);
    store.fails = false;
    const init = requestOf(noticeOf('deactivation', 'C-00000001'));
    expect((await deliver(mounted, init)).status).toBe(200);
    expect([fixture.noticed.length, fixture.blocked.length]).toEqual([1, 1]);
  });

  it('A notice fails with 500 when the operator’s handler throws, and succeeds when repeated', async () => {
    await using fixture = await startSafety();
    const endUserId = await endUserIdOf(fixture);
    let times = 0;
    const mounted = mountOn(fixture, {
      onWarning: async () => {
        times += 1;
        if (times === 1) throw new Error('no mail server');
      },
    });
    expect(await notify(mounted, fixture.fake, { endUserId, type: 'warning' })).toBe(500);
    expect(fixture.noticed).toEqual([]);
    const again = await deliver(mounted, requestOf(noticeOf('warning', 'C-00000001')));
    expect([again.status, times, fixture.noticed.length]).toEqual([200, 2, 1]);
  });

  it.each(['../models', 'C-1/../../models', 'C-%2e%2e', 'c-1', 'C-', `C-${'1'.repeat(129)}`, 7])(
    'A notice of a case named %j fails with 500 and causes no request to OpenAI',
    async (id) => {
      await using fixture = await startSafety();
      const init = requestOf({ type: 'safety.warning_issued', data: { id } });
      expect((await deliver(mountOn(fixture), init)).status).toBe(500);
      expect(fixture.fake.requests).toEqual([]);
      expect(fixture.failed).toMatchObject([{ source: 'webhook' }]);
    },
  );
});

describe('The official SDK', () => {
  it.each([
    ['openai 5', OpenAI5],
    ['openai 6', OpenAI6],
  ])('The SDK %s verifies and reads notices as openai 7 does', async (_, Client) => {
    await using fixture = await startSafety();
    const endUserId = await endUserIdOf(fixture);
    const client = new Client({ apiKey: READER_KEY, baseURL: fixture.fake.baseURL, maxRetries: 0 });
    const mounted = mountOn(fixture, { client });
    expect(await notify(mounted, fixture.fake, { endUserId, type: 'deactivation' })).toBe(200);
    expect(fixture.fake.requests.at(-1)?.url).toBe('/v1/safety/cases/C-00000001');
    expect(await blockOf(fixture.guard)).toBeDefined();
    const forged = requestOf(noticeOf('warning', 'C-1'), { secret: 'another secret of 20' });
    expect((await deliver(mounted, forged)).status).toBe(400);
  });
});

describe('A set-up that could verify nothing', () => {
  it.each([undefined, '', 'short', 'whsec_', 'whsec_AAAA', 'whsec_%%%%%%%%%%%%%%%%%%%%%%%%'])(
    'safetyWebhooks throws at startup for the secret %j',
    async (secret) => {
      await using fixture = await startSafety();
      expect(() => mountOn(fixture, { secret })).toThrow(
        /^"safetyWebhooks\.secret": must be the signing secret of the webhook/,
      );
    },
  );

  it('safetyWebhooks throws for an invalid guard, client or option', async () => {
    await using fixture = await startSafety();
    const { guard, fake } = fixture;
    const client = clientOf(fake);
    const good = { guard, client, secret: SECRET };
    expect(() => safetyWebhooks({ ...good, guard: { ...guard } })).toThrow('"guard" must be');
    expect(() => safetyWebhooks({ ...good, client: {} as never })).toThrow('safetyWebhooks.client');
    expect(() => safetyWebhooks({ ...good, onWarn: () => {} } as never)).toThrow('onWarn');
  });
});
