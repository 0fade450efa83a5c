import { type RevenueCatOptions, revenueCatWebhook } from '../../src/billing/index.ts';
import type { Guard } from '../../src/index.ts';
import { type Fixture, MODEL, startFixture } from '../fixture.ts';

export const AUTHORIZATION = 'Bearer a-secret-between-us-two';
const plans = {
  free: { models: ['gpt-4o'] },
  pro: { models: [MODEL] },
  max: { models: [MODEL, 'gpt-4o'] },
};
const names = { pro: 'pro', max_yearly: 'max' };
export const DAY_MS = 86_400_000;
export const START_MS = Date.now();

/** An event in the shape that RevenueCat documents. */
export function event(type: string, more: Record<string, unknown> = {}) {
  return {
    api_version: '1.0',
    event: {
      id: 'UniqueIdentifierOfEvent',
      type,
      app_id: '1234567890',
      app_user_id: 'ada',
      original_app_user_id: '$RCAnonymousID:87c6049c58069238dce29853916d624c',
      aliases: ['$RCAnonymousID:8069238d6049ce87cc529853916d624c'],
      product_id: 'com.app.monthly',
      entitlement_ids: ['pro'],
      period_type: 'NORMAL',
      purchased_at_ms: START_MS - DAY_MS,
      expiration_at_ms: START_MS + 30 * DAY_MS,
      event_timestamp_ms: START_MS,
      environment: 'PRODUCTION',
      store: 'APP_STORE',
      ...more,
    },
  };
}

export const start = (more = {}) => startFixture({ plans, planOf: () => 'free', ...more });
export const mount = (guard: Guard, more: Partial<RevenueCatOptions> = {}) =>
  revenueCatWebhook({ guard, authorization: AUTHORIZATION, plans: names, ...more });

export async function send(
  { handler }: ReturnType<typeof mount>,
  body: unknown,
  authorization = AUTHORIZATION,
): Promise<number> {
  const request = new Request('http://backend.test/revenuecat', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return (await handler(request)).status;
}

export const planOf = async ({ guard }: Fixture, user = 'ada') =>
  (await guard.users.usage(user)).plan;
