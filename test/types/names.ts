import { createGuardedCompletion, type Guard, type GuardOptions } from 'guarded-completion';
import { revenueCatWebhook } from 'guarded-completion/billing';
import { guardExpress } from 'guarded-completion/express';
import { assertType, type Equal } from './assert.ts';

/** Compiled, never run: names of plans and windows of limits that are accepted, and that are not. */
const secrets = { apiKey: 'sk-example', secret: 'a secret of 32 bytes or more ...' };
const plans = {
  free: { models: ['gpt-5-mini'], limits: [{ requests: 15, per: '24h' }] },
  pro: { models: ['gpt-5*'], weight: 4, limits: [{ usd: 20, per: 'month' }] },
};
const base = { ...secrets, plans };

declare function findAccount(id: string): Promise<{ plan: string; tier: 'free' | 'pro' }>;
declare function readPlans(): Record<string, (typeof plans)['free']>;

export function plansOfUsers(): void {
  createGuardedCompletion({ ...base, planOf: () => 'pro' });
  createGuardedCompletion({ ...base, planOf: () => ['free', 'pro'] });
  createGuardedCompletion({ ...base, planOf: (user) => (user.anonymous ? 'free' : 'pro') });
  createGuardedCompletion({ ...base, planOf: async ({ id }) => (await findAccount(id)).tier });
  // A text of a database or a claim is checked when it is used.
  createGuardedCompletion({ ...base, planOf: async ({ id }) => (await findAccount(id)).plan });
  createGuardedCompletion({ ...base, planOf: ({ claims }) => String(claims?.['plan'] ?? 'free') });
  createGuardedCompletion({
    ...base,
    planOf: async ({ id, anonymous }) => (anonymous ? 'free' : (await findAccount(id)).plan),
  });
  // @ts-expect-error a misspelt plan
  createGuardedCompletion({ ...base, planOf: () => 'prro' });
  // @ts-expect-error a misspelt plan on one of two ways
  createGuardedCompletion({ ...base, planOf: (user) => (user.anonymous ? 'guest' : 'pro') });
  // @ts-expect-error a misspelt plan in a promise
  createGuardedCompletion({ ...base, planOf: async () => 'prro' });
}

export async function plansOfCalls(name: string): Promise<void> {
  const guard = createGuardedCompletion(base);
  assertType<Equal<typeof guard, Guard<'free' | 'pro'>>>();
  await guard.tokens.issue({ user: { id: 'ada', plan: 'pro' } });
  await guard.tokens.issue({ user: 'ada', plan: 'pro' });
  await guard.tokens.issue({ user: 'ada', plan: name });
  await guard.users.setPlan('ada', 'pro');
  await guard.users.setPlan('ada', ['free', 'pro']);
  await guard.users.setPlan('ada', name);
  await guard.users.setPlan('ada', undefined);
  // @ts-expect-error a misspelt plan of a user
  await guard.tokens.issue({ user: { id: 'ada', plan: 'prro' } });
  // @ts-expect-error a misspelt plan of a token
  await guard.tokens.issue({ user: 'ada', plan: 'prro' });
  // @ts-expect-error a misspelt plan
  await guard.users.setPlan('ada', 'prro');
  // @ts-expect-error a misspelt plan among others
  await guard.users.setPlan('ada', ['free', 'prro']);
}

export async function plansThatAreNotKnown(guard: Guard, options: GuardOptions): Promise<void> {
  const read = createGuardedCompletion({ ...secrets, plans: readPlans() });
  assertType<Equal<typeof read, Guard>>();
  await read.users.setPlan('ada', 'any');
  await guard.users.setPlan('ada', 'any');
  assertType<Equal<ReturnType<typeof createGuardedCompletion>, Guard>>();
  createGuardedCompletion(options);
}

/** A guard that knows its plans is accepted where any guard is. */
export function asAnyGuard(): Guard {
  const guard = createGuardedCompletion(base);
  guardExpress(guard);
  revenueCatWebhook({ guard, authorization: 'a header of the webhook', plans: { gold: 'pro' } });
  return guard;
}

export async function windows(guard: Guard, per: string): Promise<void> {
  const limitsOf = (limits: typeof plans.free.limits) => ({ free: { ...plans.free, limits } });
  // A text that was read is checked when it is used.
  createGuardedCompletion({ ...secrets, plans: limitsOf([{ requests: 1, per }]) });
  const free = { free: { models: ['*'] } };
  createGuardedCompletion({ ...secrets, plans: free, limits: [{ usd: 1, per: 'day' }] });
  createGuardedCompletion({ ...secrets, plans: free, limits: [{ usd: 1, per: '1500ms' }] });
  await guard.users.setLimits('ada', [{ requests: 1, per }]);
  await guard.tokens.issue({ user: 'ada', limits: [{ requests: 1, per }] });
  // @ts-expect-error a misspelt period of all users
  createGuardedCompletion({ ...secrets, plans: free, limits: [{ usd: 1, per: 'mounth' }] });
  createGuardedCompletion({
    ...secrets,
    plans: free,
    // @ts-expect-error a word that is no period
    anonymousLimits: [{ usd: 1, per: 'monthly' }],
  });
  createGuardedCompletion({
    ...secrets,
    // @ts-expect-error a misspelt period of a plan
    plans: { free: { models: ['*'], limits: [{ requests: 1, per: '1 month' }] } },
  });
  // @ts-expect-error weeks are written as "week" or "7d"
  await guard.users.setLimits('ada', [{ requests: 1, per: '1w' }]);
  // @ts-expect-error a misspelt period of a token
  await guard.tokens.issue({ user: 'ada', limits: [{ requests: 1, per: 'dayly' }] });
}

/** Ids of a database are often numbers. */
export async function numericIds(guard: Guard): Promise<void> {
  guard.client(42);
  guard.client({ id: 42n, plan: 'pro' });
  guard.fetchAs(42);
  await guard.tokens.issue({ user: 42 });
  await guard.tokens.issue({ user: { id: 42 } });
  await guard.tokens.revokeAll(42);
  await guard.users.usage(42);
  await guard.users.block(42, { reason: 'abuse' });
  await guard.users.merge(42, { id: 43 });
  // @ts-expect-error an id is no truth value
  guard.client(true);
}
