import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entitlement } from '../../src/billing/index.ts';
import { memoryLedger } from '../../src/index.ts';
import { withVerbs } from '../faults/killed/place.ts';
import { chat, codeOf, post, tokenOf } from '../fixture.ts';
import { hosts } from '../http/hosts.ts';
import {
  AUTHORIZATION,
  DAY_MS,
  event,
  mount,
  planOf,
  START_MS,
  send,
  start,
} from './revenue-cat.ts';

describe('RevenueCat events', () => {
  it('A purchase applies to the next call', async () => {
    await using fixture = await start();
    const token = await tokenOf(fixture.guard);
    expect(await codeOf(await post(fixture.guard, token, chat()))).toBe('model_not_allowed');
    expect(await send(mount(fixture.guard), event('INITIAL_PURCHASE'))).toBe(200);
    expect((await post(fixture.guard, token, chat())).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['INITIAL_PURCHASE', {}, 'pro'],
    ['RENEWAL', {}, 'pro'],
    ['UNCANCELLATION', {}, 'pro'],
    ['NON_RENEWING_PURCHASE', { expiration_at_ms: null }, 'pro'],
    ['SUBSCRIPTION_EXTENDED', {}, 'pro'],
    ['TEMPORARY_ENTITLEMENT_GRANT', {}, 'pro'],
    ['REFUND_REVERSED', {}, 'pro'],
    ['CANCELLATION', { cancel_reason: 'UNSUBSCRIBE' }, 'pro'],
    ['CANCELLATION', { cancel_reason: 'CUSTOMER_SUPPORT', expiration_at_ms: START_MS - 1 }, 'free'],
    ['BILLING_ISSUE', { expiration_at_ms: START_MS - 1 }, 'free'],
    [
      'BILLING_ISSUE',
      { expiration_at_ms: START_MS - 1, grace_period_expiration_at_ms: START_MS + DAY_MS },
      'pro',
    ],
    ['SUBSCRIPTION_PAUSED', {}, 'pro'],
    ['EXPIRATION', {}, 'free'],
    ['TEST', {}, 'free'],
    ['PRODUCT_CHANGE', {}, 'free'],
    ['SOMETHING_OF_TOMORROW', {}, 'free'],
    ['INITIAL_PURCHASE', { entitlement_ids: ['pro', 'max_yearly'] }, 'pro+max'],
    ['INITIAL_PURCHASE', { entitlement_ids: ['something_else'] }, 'free'],
    ['INITIAL_PURCHASE', { entitlement_ids: ['__proto__', 'constructor'] }, 'free'],
    ['INITIAL_PURCHASE', { entitlement_ids: null }, 'free'],
    ['INITIAL_PURCHASE', { environment: 'SANDBOX' }, 'free'],
    [
      'INITIAL_PURCHASE',
      { app_user_id: '$RCAnonymousID:1', aliases: ['$RCAnonymousID:1', 'ada'] },
      'pro',
    ],
    ['INITIAL_PURCHASE', { app_user_id: '$RCAnonymousID:1', aliases: [] }, 'free'],
  ])('A RevenueCat %s event with %j results in the plan %s', async (type, more, plan) => {
    await using fixture = await start();
    expect(await send(mount(fixture.guard), event(type, more))).toBe(200);
    expect(await planOf(fixture)).toBe(plan);
  });

  it('Sandbox purchases count with sandbox: true', async () => {
    await using fixture = await start();
    const sandbox = event('INITIAL_PURCHASE', { environment: 'SANDBOX' });
    await send(mount(fixture.guard, { sandbox: true }), sandbox);
    expect(await planOf(fixture)).toBe('pro');
  });

  it.each<[string, readonly string[] | null]>([
    ['NON_RENEWING_PURCHASE', null],
    ['CANCELLATION', ['coins']],
    ['EXPIRATION', ['coins']],
    ['EXPIRATION', null],
  ])('A %s event for %j keeps an unrelated subscription', async (type, entitlement_ids) => {
    await using fixture = await start();
    const webhook = mount(fixture.guard);
    const beside = { entitlement_ids, event_timestamp_ms: START_MS + 2, expiration_at_ms: null };
    await send(webhook, event('INITIAL_PURCHASE'));
    expect(await send(webhook, event(type, beside))).toBe(200);
    expect(await planOf(fixture)).toBe('pro');
    await send(webhook, event('EXPIRATION', { event_timestamp_ms: START_MS + 1 }));
    expect(await planOf(fixture)).toBe('free');
  });

  it('A subscription ends by itself when the paid period is over', async () => {
    let nowMs = START_MS;
    await using fixture = await start({ clock: { nowMs: () => nowMs } });
    await send(mount(fixture.guard), event('CANCELLATION'));
    nowMs += 30 * DAY_MS - 1;
    expect(await planOf(fixture)).toBe('pro');
    nowMs += 1;
    expect(await planOf(fixture)).toBe('free');
  });

  it('Events that arrive in any order and repeatedly result in the same plan', async () => {
    const history = [
      'INITIAL_PURCHASE',
      'RENEWAL',
      'CANCELLATION',
      'EXPIRATION',
      'INITIAL_PURCHASE',
    ].map((type, at) => event(type, { event_timestamp_ms: START_MS + at }));
    const order = fc
      .shuffledSubarray([...history, ...history], { minLength: 10, maxLength: 10 })
      .chain((all) => fc.integer({ min: 1, max: 5 }).map((last) => ({ all, last })));
    const property = fc.asyncProperty(order, async ({ all, last }) => {
      await using fixture = await start();
      const webhook = mount(fixture.guard);
      const until = START_MS + last;
      const seen = all.filter(({ event: { event_timestamp_ms: at } }) => at < until);
      for (const one of seen) expect(await send(webhook, one)).toBe(200);
      expect(await planOf(fixture)).toBe(last === 4 ? 'free' : 'pro');
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('A transfer ends the previous owner’s plan; the new owner gets what the look-up returns', async () => {
    const transfer = event('TRANSFER', {
      app_user_id: undefined,
      transferred_from: ['ada', '$RCAnonymousID:1'],
      transferred_to: ['bob'],
      event_timestamp_ms: START_MS + 1,
    });
    await using fixture = await start();
    const alone = mount(fixture.guard);
    await send(alone, event('INITIAL_PURCHASE'));
    await send(alone, transfer);
    expect([await planOf(fixture), await planOf(fixture, 'bob')]).toEqual(['free', 'free']);

    await using asking = await start();
    const has = new Map<string, readonly Entitlement[]>([
      ['bob', [{ id: 'max_yearly', expiresAtMs: START_MS + DAY_MS }, { id: 'unknown' }]],
    ]);
    const webhook = mount(asking.guard, { entitlementsOf: async (id) => has.get(id) ?? [] });
    await send(webhook, transfer);
    expect([await planOf(asking), await planOf(asking, 'bob')]).toEqual(['free', 'max']);
  });

  it('A look-up overrides the event, so one of two subscriptions may expire', async () => {
    await using fixture = await start();
    const webhook = mount(fixture.guard, { entitlementsOf: async () => [{ id: 'max_yearly' }] });
    await send(webhook, event('EXPIRATION'));
    expect(await planOf(fixture)).toBe('max');
  });
});

describe('The result of a look-up', () => {
  it.each<[string, readonly Entitlement[], string]>([
    ['an active entitlement', [{ id: 'pro', expiresAtMs: START_MS + DAY_MS }], 'pro'],
    ['an entitlement without an end', [{ id: 'pro', expiresAtMs: undefined }], 'pro'],
    ['an expired entitlement', [{ id: 'pro', expiresAtMs: START_MS - 1 }], 'free'],
    [
      'an expired and an active entitlement',
      [
        { id: 'max_yearly', expiresAtMs: START_MS - 1 },
        { id: 'pro', expiresAtMs: START_MS + DAY_MS },
      ],
      'pro',
    ],
    ['no entitlements', [], 'free'],
  ])('The plan follows a look-up that returns %s', async (_case, has, plan) => {
    await using fixture = await start();
    const webhook = mount(fixture.guard, { entitlementsOf: async () => has });
    expect(await send(webhook, event('RENEWAL', { entitlement_ids: ['max_yearly'] }))).toBe(200);
    expect(await planOf(fixture)).toBe(plan);
  });

  it.each<[string, () => Promise<readonly Entitlement[]>]>([
    ['an invalid time', async () => [{ id: 'pro', expiresAtMs: Number.NaN }]],
    ['a rejection', () => Promise.reject(new Error('RevenueCat is down'))],
    ['undefined', () => Promise.resolve(undefined as never)],
  ])('A look-up that returns %s keeps the plan and fails with 500', async (_case, ask) => {
    await using fixture = await start();
    await send(mount(fixture.guard), event('INITIAL_PURCHASE'));
    const later = event('RENEWAL', { event_timestamp_ms: START_MS + 1 });
    expect(await send(mount(fixture.guard, { entitlementsOf: ask }), later)).toBe(500);
    expect(fixture.failed).toMatchObject([{ source: 'webhook' }]);
    expect(await planOf(fixture)).toBe('pro');
  });
});

describe('Rejected webhook requests', () => {
  it.each([
    ['', 401],
    ['Bearer wrong', 401],
    [AUTHORIZATION.slice(7), 401],
    [`${AUTHORIZATION} `, 200],
  ])('The authorization "%s" returns %i', async (authorization, status) => {
    await using fixture = await start();
    const webhook = mount(fixture.guard);
    expect(await send(webhook, event('INITIAL_PURCHASE'), authorization)).toBe(status);
    expect(await planOf(fixture)).toBe(status === 200 ? 'pro' : 'free');
  });

  it.each([
    ['', 400],
    ['{', 400],
    ['[]', 400],
    ['{"event":{}}', 400],
    [event('RENEWAL', { event_timestamp_ms: 'now' }), 400],
    [event('RENEWAL', { event_timestamp_ms: 1e300 }), 400],
    [event('RENEWAL', { app_user_id: 'x'.repeat(257) }), 400],
    [event('RENEWAL', { entitlement_ids: 'pro' }), 400],
    ['x'.repeat(1024 * 1024 + 1), 413],
  ])('A body that is not a valid event is rejected (%#)', async (body, status) => {
    await using fixture = await start();
    expect(await send(mount(fixture.guard), body)).toBe(status);
    expect(await planOf(fixture)).toBe('free');
  });

  it.each([undefined, '', 'too short'])('A weak secret throws: %j', async (authorization) => {
    await using fixture = await start();
    expect(() => mount(fixture.guard, { authorization })).toThrow(/authorization/);
  });

  it('An event that our store failed to save returns 500 and is applied when repeated', async () => {
    let fails = false;
    const ledger = memoryLedger();
    const records = new Proxy(ledger.records, {
      get: (of, name) => {
        if (name === 'put' && fails) return () => Promise.reject(new Error('store down'));
        const value: unknown = Reflect.get(of, name);
        return typeof value === 'function' ? value.bind(of) : value;
      },
    });
    await using fixture = await start({ ledger: withVerbs(ledger, { records }) });
    const webhook = mount(fixture.guard);
    fails = true;
    expect(await send(webhook, event('INITIAL_PURCHASE'))).toBe(500);
    expect(fixture.failed).toMatchObject([{ source: 'webhook' }]);
    fails = false;
    expect(await send(webhook, event('INITIAL_PURCHASE'))).toBe(200);
    expect(await planOf(fixture)).toBe('pro');
  });
});

describe.each(hosts)('The RevenueCat webhook on $name', ({ start: startHost }) => {
  it('The webhook works with and without a body parser before it', async () => {
    await using fixture = await start();
    await using host = await startHost(mount(fixture.guard), '/hooks');
    const answer = await fetch(`${host.origin}/hooks/revenuecat`, {
      method: 'POST',
      headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
      body: JSON.stringify(event('INITIAL_PURCHASE')),
    });
    expect(answer.status).toBe(200);
    expect(await planOf(fixture)).toBe('pro');
  });
});
