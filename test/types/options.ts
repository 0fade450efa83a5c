import {
  createGuardedCompletion,
  type GuardOptions,
  type LimitSpec,
  memoryLedger,
  type PlanSpec,
} from 'guarded-completion';
import { anyOf, authenticate, bearer, userTokens } from 'guarded-completion/auth';

/** Compiled, never run: options that are accepted and options that are not. */
const plan = { models: ['gpt-5-mini'] };
const base = {
  apiKey: 'sk-example',
  secret: 'a secret of 32 bytes or more ...',
  plans: { free: plan },
};

export function accepted(): void {
  createGuardedCompletion(base);
  createGuardedCompletion({ ...base, apiKey: async () => 'sk-example' });
  createGuardedCompletion({ ...base, secret: new Uint8Array(32) });
  // A missing environment variable is reported at the start.
  createGuardedCompletion({ ...base, apiKey: process.env['KEY'], secret: process.env['SECRET'] });
  createGuardedCompletion({ ...base, ledger: memoryLedger() });
  createGuardedCompletion({ ...base, fetch: globalThis.fetch, clock: { nowMs: () => 0 } });
  createGuardedCompletion({ ...base, planOf: (user) => user.plan ?? 'free' });
  createGuardedCompletion({ ...base, planOf: async ({ id }) => id });
  createGuardedCompletion({ ...base, endUserId: (user) => user.id });
  createGuardedCompletion({ ...base, auth: userTokens() });
  createGuardedCompletion({
    ...base,
    auth: anyOf(
      userTokens(),
      bearer({ 'a-key-of-16-characters': 'cron', 'another-key-of-16': { id: 'ops', plan: 'pro' } }),
      authenticate(async (request) => request.header('x-user') ?? null),
      { authenticate: () => undefined },
    ),
  });
  createGuardedCompletion({
    ...base,
    bounds: { bodyBytes: 1 },
    timeouts: { headers: '2m' },
    tokens: { ttl: '15m' },
    cors: { origins: ['https://app.example'] },
    onDisconnect: 'drain',
  });
}

export function refused(): void {
  // @ts-expect-error an unknown option
  createGuardedCompletion({ ...base, plan: {} });
  // @ts-expect-error no secret
  createGuardedCompletion({ apiKey: base.apiKey, plans: base.plans });
  // @ts-expect-error no plans
  createGuardedCompletion({ apiKey: base.apiKey, secret: base.secret });
  // @ts-expect-error a key is a string
  createGuardedCompletion({ ...base, apiKey: 42 });
  // @ts-expect-error a function instead of an authenticator
  createGuardedCompletion({ ...base, auth: () => ({ user: { id: 'ada' } }) });
  // @ts-expect-error an authenticator that returns a user id instead of a user
  createGuardedCompletion({ ...base, auth: { authenticate: () => ({ user: 'ada' }) } });
  // @ts-expect-error a plan is named, not described
  createGuardedCompletion({ ...base, planOf: () => plan });
  // @ts-expect-error an end-user id is synchronous
  createGuardedCompletion({ ...base, endUserId: async () => 'tag' });
  // @ts-expect-error durations have a unit
  createGuardedCompletion({ ...base, planTtl: 60 });
  // @ts-expect-error an unknown timeout
  createGuardedCompletion({ ...base, timeouts: { total: '10s' } });
  // @ts-expect-error an unknown bound
  createGuardedCompletion({ ...base, bounds: { headerBytes: 1 } });
  // @ts-expect-error one of two words
  createGuardedCompletion({ ...base, onDisconnect: 'ignore' });
  // @ts-expect-error origins are listed
  createGuardedCompletion({ ...base, cors: true });
  // @ts-expect-error a ledger is an object with all verbs
  createGuardedCompletion({ ...base, ledger: { reserve: async () => ({}) } });
  // @ts-expect-error `undefined` is not the same as omitted
  createGuardedCompletion({ ...base, baseURL: undefined });
}

export const plansAccepted: readonly PlanSpec[] = [
  { models: ['gpt-5*'] },
  { models: ['gpt-5*'], endpoints: ['chat.completions'], maxOutputTokens: 10, maxChoices: 2 },
];

export const plansRefused: readonly PlanSpec[] = [
  // @ts-expect-error a plan without models
  {},
  // @ts-expect-error one model is a list of one
  { models: 'gpt-5-mini' },
  // @ts-expect-error an unknown field
  { models: ['gpt-5-mini'], model: 'gpt-5' },
  // @ts-expect-error one limit is a list of one
  { models: ['gpt-5-mini'], limits: { requests: 1, per: 'day' } },
];

export const limitsAccepted: readonly LimitSpec[] = [
  { requests: 3, per: '24h' },
  { tokens: 3, per: 'day', timeZone: 'Europe/Berlin' },
  { inputTokens: 3, per: 'week', name: 'reading' },
  { outputTokens: 3, per: 'minute' },
  { usd: 0.05, per: 'month', anchor: '2026-01-31' },
  { usd: 0.05, per: 'month', anchor: (user) => user.claims?.['since']?.toString() },
  { usd: 0.05, per: 'month', anchor: new Date('2026-01-31') },
  { usd: 0.05, per: 'month', anchor: async (user) => new Date(Number(user.claims?.['since'])) },
  { requests: 60, per: '1m', burst: 5 },
  { concurrent: 2 },
  { concurrent: 2, name: 'at once' },
];

export const limitsRefused: readonly LimitSpec[] = [
  // @ts-expect-error no unit
  { per: 'day' },
  // @ts-expect-error an unknown unit
  { calls: 3, per: 'day' },
  // @ts-expect-error money is in dollars
  { nanoUsd: 3, per: 'day' },
  // @ts-expect-error an amount is a number
  { requests: '3', per: 'day' },
  // @ts-expect-error two units in one limit
  { requests: 3, tokens: 3, per: 'day' },
  // @ts-expect-error calls in flight and calls in a window in one limit
  { requests: 3, concurrent: 2, per: 'day' },
  // @ts-expect-error no window
  { requests: 3 },
  // @ts-expect-error a window is a string with a unit
  { requests: 3, per: 86_400 },
  // @ts-expect-error calls in flight have no window
  { concurrent: 2, per: 'day' },
  // @ts-expect-error calls in flight have no burst
  { concurrent: 2, burst: 1 },
  // @ts-expect-error an unknown field
  { requests: 3, per: 'day', timezone: 'UTC' },
  // @ts-expect-error an anchor is a date, a string or a function
  { requests: 3, per: 'day', anchor: 1_800_000_000 },
];

/** What a developer has built is read-only. */
export function unchangeable(options: GuardOptions, limit: LimitSpec): void {
  // @ts-expect-error options are read once
  options.apiKey = 'another';
  // @ts-expect-error limits are read once
  limit.name = 'another';
}
