import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { GroupUsage, Guard, IssuedToken, UserUsage } from '../../src/index.ts';
import type { LoadSecret } from '../../src/secrets/index.ts';
import { headerOf } from '../../src/testing/fake-openai/seen-request.ts';
import { signedWebhook } from '../../src/testing/index.ts';
import { canaries, chat, MODEL, post } from '../fixture.ts';
import { askAs, expectOneUsed } from './ask-as.ts';
import { codeOf } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

afterEach(() => void vi.restoreAllMocks());

const endUserOf = (body: unknown) => (body as { safety_identifier?: string }).safety_identifier;

describe('docs/prices.md', () => {
  const [own = '', refreshing = ''] = codeOf('docs/prices.md');

  it('The example of own prices charges a deployment by the model that it is like', async () => {
    await using world = await startWorld('prices');
    const { guard } = (await world.run('prices', own)) as { guard: Guard };
    const costs: number[] = [];
    guard.on('settled', ({ costNanoUsd }) => void costs.push(costNanoUsd));
    world.fake.scriptNext({ model: 'my-deployment', inputTokens: 1_000, tokens: 10 });
    const messages = [{ role: 'user' as const, content: 'Say hello.' }];
    await guard.client('ada').chat.completions.create({ model: 'my-deployment', messages });
    await expect.poll(() => costs).toEqual([297_000]);
    await guard.close();
  });

  it('The example of new prices reads a file, and the event has what changed', async () => {
    await using world = await startWorld('new-prices');
    const { refreshPrices } = (await world.run('refresh', refreshing)) as {
      refreshPrices: (path: string) => Promise<void>;
    };
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    const lines = vi.spyOn(console, 'log').mockImplementation(() => {});
    await using file = await mkdtempDisposable(join(tmpdir(), 'prices-'));
    const path = join(file.path, 'prices.json');
    await writeFile(
      path,
      JSON.stringify({ [MODEL]: { tokens: { input: 0.3, cached: 0.03, output: 2 } } }),
    );
    await refreshPrices(path);
    expect(lines.mock.calls[0]?.[0]).toContainEqual(
      expect.objectContaining({ rate: 'standard.input', usdBefore: 0.25, usdAfter: 0.3 }),
    );
    await guard.close();
  });
});

describe('docs/billing.md', () => {
  const [revenueCat = '', stripe = ''] = codeOf('docs/billing.md');

  it('The RevenueCat example gives a user the plan they bought', async () => {
    await using world = await startWorld('revenue-cat');
    const authorization = 'a long random text of ours';
    vi.stubEnv('REVENUECAT_AUTHORIZATION', authorization);
    await world.run('revenue-cat', revenueCat);
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    const event = {
      type: 'RENEWAL',
      app_user_id: 'ada',
      event_timestamp_ms: Date.now(),
      expiration_at_ms: Date.now() + 86_400_000,
    };
    const answer = await fetch(`${world.origin}/hooks/revenuecat`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ event: { ...event, entitlement_ids: ['pro_access'] } }),
    });
    expect(answer.status).toBe(200);
    expect((await guard.users.usage('ada')).plan).toBe('pro');
    await guard.close();
  });

  it('The Stripe example gives a user their plan and rejects an event with a foreign signature', async () => {
    await using world = await startWorld('stripe');
    const secret = 'whsec_of_this_endpoint_alone';
    vi.stubEnv('STRIPE_KEY', 'sk_test_123');
    vi.stubEnv('STRIPE_WEBHOOK_SECRET', secret);
    await world.run('stripe', stripe);
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    const object = { customer: 'ada', entitlements: { data: [{ lookup_key: 'pro-access' }] } };
    const type = 'entitlements.active_entitlement_summary.updated';
    const created = Math.floor(Date.now() / 1000);
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type,
      created,
      data: { object },
    });
    const { webhooks } = new Stripe('sk_test_123');
    for (const key of ['whsec_of_another_endpoint', secret]) {
      const signature = await webhooks.generateTestHeaderStringAsync({ payload, secret: key });
      const answer = await fetch(`${world.origin}/hooks/stripe`, {
        method: 'POST',
        headers: { 'stripe-signature': signature, 'content-type': 'application/json' },
        body: payload,
      });
      expect(answer.status).toBe(key === secret ? 200 : 400);
      expect((await guard.users.usage('ada')).plan).toBe(key === secret ? 'pro' : 'free');
    }
    await guard.close();
  });
});

describe('docs/keys.md', () => {
  const [perPlan = '', managers = ''] = codeOf('docs/keys.md');

  it('The example with keys per plan sends each user’s calls with the right key', async () => {
    await using world = await startWorld('keys');
    const { guard } = (await world.run('keys', perPlan)) as { guard: Guard };
    for (const user of ['ada', 'bob', 'customer']) {
      expect(await askAs(guard, user)).toEqual({ status: 200, code: null });
    }
    const projects = world.fake.requests.map((request) => headerOf(request, 'openai-project'));
    expect(projects).toEqual([undefined, undefined, 'proj_of_that_customer']);
    await guard.close();
  });

  it('The example with secret managers reads a key from each kind of manager', async () => {
    await using world = await startWorld('managers');
    const program = await world.run('managers', managers);
    const { guard, loaders } = program as { guard: Guard; loaders: Record<string, LoadSecret> };
    const keys = await Promise.all(Object.values(loaders).map((load) => load()));
    expect(keys).toEqual(Array.from({ length: 6 }, () => canaries.apiKey));
    expect(await askAs(guard, 'ada')).toEqual({ status: 200, code: null });
    await guard.close();
  });
});

describe('docs/hosted-tools.md', () => {
  const [tools = ''] = codeOf('docs/hosted-tools.md');

  it('The example of hosted tools is a guard that starts', async () => {
    await using world = await startWorld('tools');
    const { guard } = (await world.run('tools', tools)) as { guard: Guard };
    expect((await guard.users.usage('ada')).plan).toBe('pro');
    await guard.close();
  });
});

describe('docs/plans.md', () => {
  const [plans = '', operating = '', guests = ''] = codeOf('docs/plans.md');

  it('The plan example gives users and guests their own plans', async () => {
    await using world = await startWorld('plans');
    const { guard } = (await world.run('plans', plans)) as { guard: Guard };
    expect((await guard.users.usage('ada')).plan).toBe('free');
    const guest = { id: 'guest', anonymous: true };
    expect((await guard.users.usage(guest)).plan).toBe('guest');
    await guard.users.setPlan('ada', ['free', 'images']);
    const { plan, limits } = await guard.users.usage('ada');
    expect([plan, limits[0]?.limit]).toEqual(['free+images', 50]);
    await guard.close();
  });

  it('The example for operators changes one user’s plan and usage', async () => {
    await using world = await startWorld('operating');
    const { usage } = (await world.run('operating', operating)) as { usage: UserUsage };
    expect(usage).toMatchObject({ plan: 'pro', limits: [{ limit: 1_000, remaining: 1_020 }] });
  });

  it('The guest example serves a guest by device and moves their usage to the new account', async () => {
    await using world = await startWorld('guests');
    const program = await world.run('guests', guests);
    const { guard, signedUp } = program as {
      guard: Guard;
      signedUp: (guest: string, member: string) => Promise<boolean>;
    };
    const settled: string[] = [];
    guard.on('settled', ({ userId }) => void settled.push(userId));
    const request = new Request('http://backend.test/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-device-id': 'device-one' },
      body: JSON.stringify(chat()),
    });
    const answer = await guard.handler(request, { remoteAddress: '192.0.2.1' });
    expect(answer.status).toBe(200);
    await expect.poll(() => settled.length).toBe(1);
    expect(await signedUp(settled[0] ?? '', 'ada')).toBe(true);
    await expectOneUsed(guard);
    await guard.close();
  });
});

describe('docs/groups.md', () => {
  const [groups = '', operating = ''] = codeOf('docs/groups.md');

  it('The example of groups finds those of a user, and operates one of them', async () => {
    await using world = await startWorld('groups');
    const { guard } = (await world.run('guard', groups)) as { guard: Guard };
    const { usage } = (await world.run('operating-groups', operating)) as { usage: GroupUsage };
    expect(usage).toMatchObject({ kind: 'team', limits: [{ limit: 500, remaining: 550 }] });
    expect((await guard.users.usage('bob')).groups).toMatchObject([
      { kind: 'team', id: 't2', limits: [{ limit: 100 }] },
      { kind: 'org', id: 'acme', limits: undefined },
    ]);
    await guard.close();
  });
});

describe('docs/tokens.md', () => {
  const [issued = '', exchange = '', attested = '', realtime = ''] = codeOf('docs/tokens.md');

  it('The token example issues a user token and revokes it', async () => {
    await using world = await startWorld('issued');
    const { key } = (await world.run('issued', issued)) as { key: IssuedToken };
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    expect((await post(guard, key.value, chat())).status).toBe(401);
  });

  it.each([
    ['exchange', exchange],
    ['attested', attested],
  ])('The %s example rejects an exchange without a login', async (name, code) => {
    await using world = await startWorld(name);
    const { guard } = (await world.run('exchange', code)) as { guard: Guard };
    const request = new Request('http://backend.test/token', {
      method: 'POST',
      headers: { authorization: 'Bearer nobody' },
    });
    expect((await guard.exchange.handler(request)).status).toBe(401);
    await guard.close();
  });

  it('The realtime example creates client secrets and charges what the plan reserves', async () => {
    await using world = await startWorld('realtime');
    const { guard } = (await world.run('realtime', realtime)) as { guard: Guard };
    const { value } = await guard.tokens.issue({ user: 'ada' });
    const answer = await post(guard, value, {}, '/v1/realtime/client_secrets');
    expect(answer.status).toBe(200);
    const spent = async () => (await guard.users.usage('ada')).limits[1]?.used;
    await expect.poll(spent).toBe(0.5);
    await guard.close();
  });
});

describe('docs/abuse.md', () => {
  const [watching = '', acting = '', webhooks = ''] = codeOf('docs/abuse.md');

  it('The usage example shows a user’s limits and block', async () => {
    await using world = await startWorld('abuse-watching');
    const lines = vi.spyOn(console, 'log').mockImplementation(() => {});
    await world.run('watching', watching);
    expect(lines.mock.calls).toEqual([[{ limits: [], block: undefined }]]);
  });

  it('The example for operators blocks, unblocks and limits one user', async () => {
    await using world = await startWorld('abuse-acting');
    await world.run('acting', acting);
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    const { limits, block } = await guard.users.usage('ada');
    expect([limits.map(({ name }) => name), block]).toEqual([
      ['requests-day', 'concurrent'],
      undefined,
    ]);
    await guard.close();
  });

  it('The webhook example blocks a user whom OpenAI deactivates, in at most 10 lines', async () => {
    expect(webhooks.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(10);
    await using world = await startWorld('abuse-webhooks');
    const secret = `whsec_${Buffer.from('a secret of OpenAI’s own').toString('base64')}`;
    vi.stubEnv('OPENAI_SAFETY_KEY', canaries.apiKey);
    vi.stubEnv('OPENAI_WEBHOOK_SECRET', secret);
    vi.stubEnv('OPENAI_BASE_URL', world.fake.baseURL);
    await world.run('webhooks', webhooks);
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    expect(await askAs(guard, 'ada')).toMatchObject({ status: 200 });
    const endUserId = endUserOf(world.fake.requests[0]?.body) ?? '';
    const id = world.fake.openSafetyCase({ endUserId, type: 'deactivation' });
    const notice = signedWebhook({ type: 'safety.deactivation_issued', data: { id } }, { secret });
    const answer = await fetch(`${world.origin}/openai/webhooks`, { method: 'POST', ...notice });
    expect(answer.status).toBe(200);
    expect(await askAs(guard, 'ada')).toEqual({ status: 403, code: 'user_blocked' });
    await guard.close();
  });
});
