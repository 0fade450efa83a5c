import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripeWebhook } from '../../src/billing/index.ts';
import type { Fixture } from '../fixture.ts';
import { DAY_MS, event, mount, planOf, START_MS, send, start } from './revenue-cat.ts';
import { startStripe } from './stripe-server.ts';

/** A part of a history: an event of one of two purchases, and when it happened. */
interface Happened {
  readonly type: string;
  readonly of: 'lifetime' | 'monthly';
  readonly at: number;
  readonly more?: Record<string, unknown>;
}

const purchases = {
  lifetime: {
    transaction_id: '1000',
    original_transaction_id: '1000',
    product_id: 'com.app.lifetime',
    entitlement_ids: ['max_yearly'],
    expiration_at_ms: null,
  },
  monthly: {
    transaction_id: '2003',
    original_transaction_id: '2000',
    product_id: 'com.app.monthly',
    entitlement_ids: ['pro'],
    expiration_at_ms: START_MS + 30 * DAY_MS,
  },
};
const happened = ({ type, of, at, more = {} }: Happened) =>
  event(type, { ...purchases[of], event_timestamp_ms: START_MS + at, ...more });

async function play(fixture: Fixture, history: readonly Happened[]): Promise<string> {
  const webhook = mount(fixture.guard);
  for (const one of history) expect(await send(webhook, happened(one))).toBe(200);
  return planOf(fixture);
}

const bought: readonly Happened[] = [
  { type: 'NON_RENEWING_PURCHASE', of: 'lifetime', at: 1 },
  { type: 'INITIAL_PURCHASE', of: 'monthly', at: 2 },
];
const refund = { cancel_reason: 'CUSTOMER_SUPPORT', price: -49.99 };

describe('The purchases of a user', () => {
  it.each<[string, readonly Happened[], string]>([
    ['are both there', [], 'pro+max'],
    ['the monthly one expires', [{ type: 'EXPIRATION', of: 'monthly', at: 3 }], 'max'],
    [
      'the monthly one is refunded',
      [{ type: 'CANCELLATION', of: 'monthly', at: 3, more: refund }],
      'max',
    ],
    [
      'the lifetime one is refunded',
      [{ type: 'CANCELLATION', of: 'lifetime', at: 3, more: refund }],
      'pro',
    ],
    [
      'both end',
      [
        { type: 'EXPIRATION', of: 'monthly', at: 3 },
        { type: 'CANCELLATION', of: 'lifetime', at: 4, more: refund },
      ],
      'free',
    ],
    [
      'a refund is reversed',
      [
        { type: 'CANCELLATION', of: 'lifetime', at: 3, more: refund },
        { type: 'REFUND_REVERSED', of: 'lifetime', at: 4 },
      ],
      'pro+max',
    ],
    [
      'the monthly one is renewed by another transaction and expires',
      [
        { type: 'RENEWAL', of: 'monthly', at: 3, more: { transaction_id: '2004' } },
        { type: 'EXPIRATION', of: 'monthly', at: 4, more: { transaction_id: '2004' } },
      ],
      'max',
    ],
    [
      'the end of the monthly one names no entitlement',
      [{ type: 'EXPIRATION', of: 'monthly', at: 3, more: { entitlement_ids: null } }],
      'max',
    ],
  ])('Each purchase counts for itself: %s', async (_, history, plan) => {
    await using fixture = await start();
    expect(await play(fixture, [...bought, ...history])).toBe(plan);
  });

  it('Two purchases of one entitlement give its plan until both have ended', async () => {
    await using fixture = await start();
    const same = { entitlement_ids: ['pro'] };
    const history: Happened[] = [
      { type: 'NON_RENEWING_PURCHASE', of: 'lifetime', at: 1, more: same },
      { type: 'INITIAL_PURCHASE', of: 'monthly', at: 2 },
      { type: 'EXPIRATION', of: 'monthly', at: 3 },
    ];
    expect(await play(fixture, history)).toBe('pro');
    const end: Happened = {
      type: 'CANCELLATION',
      of: 'lifetime',
      at: 4,
      more: { ...same, ...refund },
    };
    expect(await play(fixture, [end])).toBe('free');
  });

  it('Purchases without transactions are told apart by their product', async () => {
    await using fixture = await start();
    const untold = { transaction_id: null, original_transaction_id: null };
    const history = [...bought, { type: 'EXPIRATION', of: 'monthly', at: 3 } as const];
    expect(
      await play(
        fixture,
        history.map((one) => ({ ...one, more: untold })),
      ),
    ).toBe('max');
  });

  it('Each plan ends with its own purchase, without another event', async () => {
    let nowMs = START_MS;
    await using fixture = await start({ clock: { nowMs: () => nowMs } });
    expect(await play(fixture, bought)).toBe('pro+max');
    nowMs += 30 * DAY_MS;
    expect(await planOf(fixture)).toBe('max');
  });

  it('A subscription that moves to another product is not ended by the end of the first one', async () => {
    await using fixture = await start();
    const yearly = { product_id: 'com.app.yearly', entitlement_ids: ['max_yearly'] };
    const history: Happened[] = [
      { type: 'INITIAL_PURCHASE', of: 'monthly', at: 1 },
      { type: 'RENEWAL', of: 'monthly', at: 2, more: yearly },
      { type: 'EXPIRATION', of: 'monthly', at: 3 },
    ];
    expect(await play(fixture, history)).toBe('max');
    expect(await play(fixture, [{ type: 'EXPIRATION', of: 'monthly', at: 4, more: yearly }])).toBe(
      'free',
    );
  });

  it.each([
    'RENEWAL',
    'INITIAL_PURCHASE',
    'UNCANCELLATION',
    'SUBSCRIPTION_EXTENDED',
    'BILLING_ISSUE',
  ])('A %s event without an end gives no plan for ever', async (type) => {
    await using fixture = await start();
    const endless = { type, of: 'monthly', at: 1, more: { expiration_at_ms: null } } as const;
    expect(await play(fixture, [endless])).toBe('free');
  });

  it('A renewal without an end keeps the end that is known', async () => {
    let nowMs = START_MS;
    await using fixture = await start({ clock: { nowMs: () => nowMs } });
    const endless = { type: 'RENEWAL', of: 'monthly', at: 3, more: { expiration_at_ms: null } };
    expect(await play(fixture, [...bought.slice(1), endless as Happened])).toBe('pro');
    nowMs += 30 * DAY_MS;
    expect(await planOf(fixture)).toBe('free');
  });

  it('Events of several purchases that arrive in any order and repeatedly result in the same plan', async () => {
    const history: Happened[] = [
      ...bought,
      { type: 'CANCELLATION', of: 'lifetime', at: 3, more: refund },
      { type: 'RENEWAL', of: 'monthly', at: 4, more: { transaction_id: '2004' } },
      { type: 'REFUND_REVERSED', of: 'lifetime', at: 5 },
      { type: 'EXPIRATION', of: 'monthly', at: 6 },
    ];
    const order = fc.shuffledSubarray([...history, ...history], { minLength: 12, maxLength: 12 });
    const property = fc.asyncProperty(order, async (all) => {
      await using fixture = await start();
      expect(await play(fixture, all)).toBe('max');
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('A transfer ends every purchase that was made before it, also one that arrives late', async () => {
    await using fixture = await start();
    const webhook = mount(fixture.guard);
    await play(fixture, bought.slice(0, 1));
    const transferred = { transferred_from: ['ada'], transferred_to: ['bob'] };
    const at = { event_timestamp_ms: START_MS + 5 };
    await send(webhook, event('TRANSFER', { ...transferred, ...at }));
    expect(await play(fixture, bought.slice(1))).toBe('free');
    const later: Happened = { type: 'INITIAL_PURCHASE', of: 'monthly', at: 6 };
    expect(await play(fixture, [later])).toBe('pro');
  });

  it('A user with very many purchases keeps the ones that last longest', async () => {
    await using fixture = await start();
    const many = Array.from({ length: 100 }, (_, index): Happened => {
      const more = { original_transaction_id: `30${index}` };
      return { type: 'INITIAL_PURCHASE', of: 'monthly', at: 10 + index, more };
    });
    expect(await play(fixture, [...bought, ...many])).toBe('pro+max');
  });

  it('A plan that the operator sets later than the purchases stays until the next event', async () => {
    await using fixture = await start();
    await play(fixture, bought);
    const asOf = new Date(START_MS + 10);
    await fixture.guard.users.setPlan('ada', 'free', { asOf });
    const late: Happened = { type: 'EXPIRATION', of: 'monthly', at: 5 };
    expect(await play(fixture, [late])).toBe('free');
    expect(await play(fixture, [{ type: 'RENEWAL', of: 'monthly', at: 11 }])).toBe('pro+max');
  });

  it('Purchases at RevenueCat and at Stripe count beside each other', async () => {
    await using server = await startStripe();
    await using fixture = await start();
    await play(fixture, bought.slice(1));
    const { guard } = fixture;
    const { stripe } = server;
    const secret = 'whsec_of_this_endpoint_alone';
    const plans = { max: 'max' };
    const webhook = stripeWebhook({ guard, stripe, secret, plans, userOf: () => 'ada' });
    const object = { customer: 'cus_1', entitlements: { data: [{ lookup_key: 'max' }] } };
    const type = 'entitlements.active_entitlement_summary.updated';
    const created = Math.floor(START_MS / 1_000);
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type,
      created,
      data: { object },
    });
    const signature = await stripe.webhooks.generateTestHeaderStringAsync({ payload, secret });
    const headers = { 'stripe-signature': signature, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: payload };
    expect((await webhook.handler(new Request('http://b.test/stripe', init))).status).toBe(200);
    expect(await planOf(fixture)).toBe('pro+max');
    expect(await play(fixture, [{ type: 'EXPIRATION', of: 'monthly', at: 3 }])).toBe('max');
  });
});

describe('A mapping to plans', () => {
  it.each(['gold', 'PRO', '__proto__'])(
    'A mapping to "%s" throws a TypeError at start',
    async (plan) => {
      await using server = await startStripe();
      await using fixture = await start();
      const { guard } = fixture;
      const plans = { feature: plan };
      expect(() => mount(guard, { plans })).toThrow(TypeError);
      expect(() => mount(guard, { plans })).toThrow(/"revenueCatWebhook\.plans\.feature"/);
      const options = { guard, plans, stripe: server.stripe, secret: 's'.repeat(20) };
      const userOf = () => 'ada';
      expect(() => stripeWebhook({ ...options, userOf })).toThrow(
        /"stripeWebhook\.plans\.feature"/,
      );
    },
  );
});
