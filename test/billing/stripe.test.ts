import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { stripeWebhook } from '../../src/billing/index.ts';
import type { Guard } from '../../src/index.ts';
import { type Fixture, MODEL, startFixture } from '../fixture.ts';
import { hosts } from '../http/hosts.ts';
import { startStripe } from './stripe-server.ts';

const SECRET = 'whsec_of_this_endpoint_alone';
const plans = { free: { models: ['gpt-4o'] }, pro: { models: [MODEL] }, max: { models: [MODEL] } };
const NOW = Math.floor(Date.now() / 1000);

/** The event in the shape of Stripe's API reference. */
function summary(keys: readonly string[], more: { created?: number; has_more?: boolean } = {}) {
  const { created = NOW, has_more = false } = more;
  const data = keys.map((lookup_key) => ({
    object: 'entitlements.active_entitlement',
    lookup_key,
    feature: 'feat_1',
  }));
  const entitlements = { object: 'list', data, has_more, url: '/v1/customer/cus_1/entitlements' };
  const object = {
    object: 'entitlements.active_entitlement_summary',
    customer: 'cus_1',
    entitlements,
  };
  const type = 'entitlements.active_entitlement_summary.updated';
  return {
    id: 'evt_1',
    object: 'event',
    api_version: '2026-08-27',
    created,
    type,
    data: { object },
  };
}

const signed = async (stripe: Stripe, payload: string, secret = SECRET, timestamp = NOW) =>
  stripe.webhooks.generateTestHeaderStringAsync({ payload, secret, timestamp });

const start = () => startFixture({ plans, planOf: () => 'free' });
const planOf = async ({ guard }: Fixture) => (await guard.users.usage('ada')).plan;
const mount = (guard: Guard, stripe: Stripe) =>
  stripeWebhook({
    guard,
    stripe,
    secret: SECRET,
    plans: { pro: 'pro', max: 'max' },
    userOf: (customer) => (customer === 'cus_1' ? 'ada' : undefined),
  });

async function send(webhook: ReturnType<typeof mount>, payload: string, signature: string) {
  const headers = { 'stripe-signature': signature, 'content-type': 'application/json' };
  const request = new Request('http://backend.test/stripe', {
    method: 'POST',
    headers,
    body: payload,
  });
  return (await webhook.handler(request)).status;
}

describe('Stripe entitlements', () => {
  it.each<[readonly string[], string]>([
    [['pro'], 'pro'],
    [['pro', 'max', 'something else'], 'pro+max'],
    [['something else', '__proto__'], 'free'],
    [[], 'free'],
  ])('The entitlements %j result in the plan %s at the next call', async (keys, plan) => {
    await using server = await startStripe();
    await using fixture = await start();
    const payload = JSON.stringify(summary(keys));
    const signature = await signed(server.stripe, payload);
    expect(await send(mount(fixture.guard, server.stripe), payload, signature)).toBe(200);
    expect(await planOf(fixture)).toBe(plan);
  });

  it('Events apply by their creation time, and repeated events change nothing', async () => {
    await using server = await startStripe();
    await using fixture = await start();
    const webhook = mount(fixture.guard, server.stripe);
    const deliver = async (keys: readonly string[], created: number) => {
      const payload = JSON.stringify(summary(keys, { created }));
      expect(await send(webhook, payload, await signed(server.stripe, payload))).toBe(200);
    };
    await deliver(['max'], NOW);
    await deliver(['pro'], NOW - 10);
    await deliver([], NOW - 5);
    expect(await planOf(fixture)).toBe('max');
    await deliver([], NOW + 1);
    await deliver(['max'], NOW);
    expect(await planOf(fixture)).toBe('free');
  });

  it('Entitlements are read from Stripe when the event has only some of them', async () => {
    await using server = await startStripe();
    server.answer = ({ url }, response) => {
      const second = url?.includes('starting_after');
      const data = [{ id: second ? 'ent_2' : 'ent_1', lookup_key: second ? 'max' : 'pro' }];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'list', data, has_more: !second, url: '/v1/x' }));
    };
    await using fixture = await start();
    const payload = JSON.stringify(summary(['pro'], { has_more: true }));
    const signature = await signed(server.stripe, payload);
    expect(await send(mount(fixture.guard, server.stripe), payload, signature)).toBe(200);
    expect(await planOf(fixture)).toBe('pro+max');
    expect(server.requests[0]?.url).toContain(
      '/v1/entitlements/active_entitlements?customer=cus_1',
    );
  });

  it('An event without a fresh Stripe signature over its exact bytes is rejected with 400', async () => {
    await using server = await startStripe();
    await using fixture = await start();
    const webhook = mount(fixture.guard, server.stripe);
    const payload = JSON.stringify(summary(['pro']));
    const signature = await signed(server.stripe, payload);
    const bad = [
      '',
      'v1=abc',
      await signed(server.stripe, payload, 'whsec_of_another_endpoint'),
      await signed(server.stripe, payload, SECRET, NOW - 3_600),
      await signed(server.stripe, `${payload} `),
    ];
    for (const one of bad) expect(await send(webhook, payload, one)).toBe(400);
    expect(await send(webhook, payload.replace('pro', 'max'), signature)).toBe(400);
    expect(await planOf(fixture)).toBe('free');
    expect(await send(webhook, payload, signature)).toBe(200);
  });

  it('Events of other kinds and of unknown customers return 200 and change nothing', async () => {
    await using server = await startStripe();
    await using fixture = await start();
    const webhook = mount(fixture.guard, server.stripe);
    const other = { ...summary(['pro']), type: 'invoice.paid' };
    const stranger = JSON.stringify(summary(['pro'])).replace('cus_1', 'cus_2');
    for (const payload of [JSON.stringify(other), stranger]) {
      expect(await send(webhook, payload, await signed(server.stripe, payload))).toBe(200);
    }
    expect(await planOf(fixture)).toBe('free');
  });

  it.each([undefined, '', 'whsec_'])(
    'stripeWebhook throws a TypeError for the secret %j',
    async (secret) => {
      await using server = await startStripe();
      await using fixture = await start();
      const { guard } = fixture;
      const options = { guard, stripe: server.stripe, secret, plans: {}, userOf: () => 'ada' };
      expect(() => stripeWebhook(options)).toThrow(/"stripeWebhook\.secret"/);
    },
  );
});

describe.each(hosts)('The Stripe webhook on $name', ({ name, start: startHost }) => {
  const isParsed = /json|parser/.test(name);
  it(isParsed ? 'The webhook fails after a body parser' : 'The webhook is accepted', async () => {
    await using server = await startStripe();
    await using fixture = await start();
    await using host = await startHost(mount(fixture.guard, server.stripe), '/hooks');
    const body = JSON.stringify(summary(['pro']));
    const headers = {
      'content-type': 'application/json',
      'stripe-signature': await signed(server.stripe, body),
    };
    const answer = await fetch(`${host.origin}/hooks/stripe`, { method: 'POST', headers, body });
    const text = await answer.text();
    if (!isParsed) return expect([answer.status, await planOf(fixture)]).toEqual([200, 'pro']);
    expect(answer.status).toBe(500);
    expect(text).toContain('body parser');
    expect(fixture.failed).toMatchObject([{ source: 'webhook' }]);
  });
});
