import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { stripeWebhook } from '../../src/billing/index.ts';
import type { Guard } from '../../src/index.ts';
import { messageOf } from '../mistakes/refusals.ts';
import { AUTHORIZATION, event, mount, planOf, START_MS, send, start } from './revenue-cat.ts';
import { startStripe } from './stripe-server.ts';

const creditsOf = async (guard: Guard) =>
  (await guard.users.usage('ada')).credits.map(({ unit, remaining }) => [unit, remaining]);

const coins = (type: string, more: Record<string, unknown> = {}) =>
  event(type, {
    product_id: 'coins_100',
    transaction_id: 't1',
    original_transaction_id: 't1',
    entitlement_ids: null,
    expiration_at_ms: null,
    ...more,
  });
const bought = coins('NON_RENEWING_PURCHASE');
const refunded = coins('CANCELLATION', {
  cancel_reason: 'CUSTOMER_SUPPORT',
  event_timestamp_ms: START_MS + 1,
});
const reversed = coins('REFUND_REVERSED', { event_timestamp_ms: START_MS + 2 });
const again = coins('NON_RENEWING_PURCHASE', { transaction_id: 't2' });
const credits = { coins_100: { requests: 100 } };

describe('Consumables of RevenueCat', () => {
  it.each([
    ['a purchase, which repeats', [bought, bought], 100],
    ['two purchases', [bought, again], 200],
    ['a refund', [bought, refunded], 0],
    ['a refund that arrives first', [refunded, bought], 0],
    ['a refund that was reversed', [bought, refunded, reversed], 100],
    ['a reversal that arrives first', [reversed, bought, refunded], 100],
    ['another product', [coins('NON_RENEWING_PURCHASE', { product_id: 'x' })], 0],
    ['a test purchase', [coins('NON_RENEWING_PURCHASE', { environment: 'SANDBOX' })], 0],
    ['an end without a refund', [bought, coins('EXPIRATION')], 100],
  ] as const)('Credits after %s', async (_, events, left) => {
    await using fixture = await start();
    const webhook = mount(fixture.guard, { credits });
    for (const each of events) expect(await send(webhook, each)).toBe(200);
    const expected = left === 0 ? [] : [['requests', left]];
    expect(await creditsOf(fixture.guard)).toEqual(expected);
    expect(await planOf(fixture)).toBe('free');
  });

  it('Credits alone can be sold, and an option that sells nothing is refused', async () => {
    await using fixture = await start();
    const options = { guard: fixture.guard, authorization: AUTHORIZATION };
    const made = (more: object) => messageOf(() => mount(fixture.guard, { ...options, ...more }));
    expect(await send(mount(fixture.guard, { credits }), bought)).toBe(200);
    expect(made({ credits: { coins: {} } })).toBe(
      '"revenueCatWebhook.credits.coins" must give something, such as { requests: 100 }',
    );
    expect(made({ credits: { coins: { requests: -5 } } })).toContain(
      '"revenueCatWebhook.credits.coins.requests": must be at least 0',
    );
    expect(made({ credits: { coins: { coins: 5 } } })).toContain('has an unknown field "coins"');
    expect(made({ plans: undefined })).toContain('"revenueCatWebhook"');
  });
});

const SECRET = 'whsec_of_this_endpoint_alone';
const NOW = Math.floor(Date.now() / 1000);
const session = (more: object = {}) => ({
  id: 'cs_1',
  object: 'checkout.session',
  mode: 'payment',
  payment_status: 'paid',
  payment_intent: 'pi_1',
  client_reference_id: null,
  customer: 'cus_1',
  ...more,
});
const charge = (more: object = {}) => {
  return { id: 'ch_1', object: 'charge', refunded: true, payment_intent: 'pi_1', ...more };
};
const COMPLETED = 'checkout.session.completed';
const SUCCEEDED = 'checkout.session.async_payment_succeeded';
const REFUNDED = 'charge.refunded';
type Sent = readonly [type: string, object: object];

/** Answers with the line items of a checkout: two of one price, and one that is not sold here. */
async function stripeWithItems() {
  const server = await startStripe();
  server.answer = (_request, response) => {
    const item = (id: string, lookup_key: string | null, quantity: number) => {
      return {
        id: `li_${id}`,
        object: 'item',
        quantity,
        price: { id, object: 'price', lookup_key },
      };
    };
    const data = [
      item('price_1', 'credits_5', 2),
      item('price_2', null, 1),
      item('price_3', 'x', 1),
    ];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ object: 'list', data, has_more: false, url: '/v1/items' }));
  };
  return server;
}

async function sendAll(guard: Guard, stripe: Stripe, events: readonly Sent[]) {
  const webhook = stripeWebhook({
    guard,
    stripe,
    secret: SECRET,
    credits: { credits_5: { usd: 5 }, price_2: { requests: 10 } },
    userOf: (customer) => (customer === 'cus_1' ? 'ada' : undefined),
  });
  const statuses: number[] = [];
  for (const [type, object] of events) {
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      api_version: '2026-08-27',
      created: NOW,
      type,
      data: { object },
    });
    const signature = await stripe.webhooks.generateTestHeaderStringAsync({
      payload,
      secret: SECRET,
      timestamp: NOW,
    });
    const headers = { 'stripe-signature': signature, 'content-type': 'application/json' };
    const url = 'http://backend.test/stripe';
    statuses.push(
      (await webhook.handler(new Request(url, { method: 'POST', headers, body: payload }))).status,
    );
  }
  return statuses;
}

const ALL = [
  ['requests', 10],
  ['usd', 10],
];

describe('One-time payments of Stripe', () => {
  it.each<[string, Sent[], unknown[]]>([
    ['a paid checkout, times the quantity', [[COMPLETED, session()]], ALL],
    [
      'a checkout that repeats',
      [
        [COMPLETED, session()],
        [COMPLETED, session()],
      ],
      ALL,
    ],
    [
      'a late payment',
      [
        [COMPLETED, session({ payment_status: 'unpaid' })],
        [SUCCEEDED, session()],
      ],
      ALL,
    ],
    ['a checkout that is not paid', [[COMPLETED, session({ payment_status: 'unpaid' })]], []],
    ['a subscription', [[COMPLETED, session({ mode: 'subscription' })]], []],
    ['an unknown customer', [[COMPLETED, session({ customer: 'cus_2' })]], []],
    ['a guest', [[COMPLETED, session({ customer: null })]], []],
    [
      'a user that the checkout names',
      [[COMPLETED, session({ customer: null, client_reference_id: 'ada' })]],
      ALL,
    ],
    ['another user', [[COMPLETED, session({ client_reference_id: 'bob' })]], []],
    [
      'a refund',
      [
        [COMPLETED, session()],
        [REFUNDED, charge()],
      ],
      [],
    ],
    [
      'a refund that arrives first',
      [
        [REFUNDED, charge()],
        [COMPLETED, session()],
      ],
      [],
    ],
    [
      'a refund of a part',
      [
        [COMPLETED, session()],
        [REFUNDED, charge({ refunded: false })],
      ],
      ALL,
    ],
  ])('Credits after %s', async (_, events, expected) => {
    await using server = await stripeWithItems();
    await using fixture = await start();
    const statuses = await sendAll(fixture.guard, server.stripe, events);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await creditsOf(fixture.guard)).toEqual(expected);
  });
});
