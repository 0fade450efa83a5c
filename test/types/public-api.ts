import {
  type BeforeHook,
  type BlockedUser,
  type BrokenLimit,
  type CreditUsage,
  type createGuardedCompletion,
  type DenialCode,
  type DeniedEvent,
  denialCodes,
  denyRequest,
  type FailedEvent,
  type Group,
  type GroupUsage,
  type Guard,
  type GuardedEvent,
  type GuardOptions,
  type GuardRequest,
  type GuardResponse,
  type IssuedToken,
  type Ledger,
  LedgerError,
  type Limiter,
  type LimitUsage,
  type ListedToken,
  type ListedUser,
  memoryLedger,
  moderate,
  type Page,
  type ServiceStop,
  type SettledEvent,
  type ThresholdEvent,
  type Usage,
  type UserGroupUsage,
  type UserUsage,
  type WouldDenyEvent,
} from 'guarded-completion';
import {
  type Attestation,
  type AuthenticationUnavailableError,
  type Authenticator,
  allOf,
  clerkAuth,
  cognito,
  type firebaseAppCheck,
  firebaseAuth,
  type Identity,
  type JwtOptions,
  jwt,
  supabaseAuth,
  type User,
  userTokens,
} from 'guarded-completion/auth';
import type OpenAI from 'openai';
import { assertType, type Equal } from './assert.ts';

/** Compiled, never run: the exact types of the public API. */
export function members(guard: Guard, other: Guard): void {
  assertType<Equal<ReturnType<typeof createGuardedCompletion>, Guard>>();
  assertType<
    Equal<
      keyof Guard,
      | 'handler'
      | 'serve'
      | 'client'
      | 'fetchAs'
      | 'exchange'
      | 'tokens'
      | 'users'
      | 'groups'
      | 'upstreams'
      | 'setPrices'
      | 'stop'
      | 'resume'
      | 'stops'
      | 'usage'
      | 'on'
      | 'close'
    >
  >();
  assertType<Equal<ReturnType<Guard['client']>, OpenAI>>();
  assertType<Equal<ReturnType<Guard['fetchAs']>, typeof globalThis.fetch>>();
  assertType<Equal<ReturnType<Guard['handler']>, Promise<Response>>>();
  assertType<Equal<Parameters<Guard['serve']>, [request: GuardRequest]>>();
  assertType<Equal<ReturnType<Guard['serve']>, Promise<GuardResponse>>>();
  assertType<Equal<ReturnType<Guard['close']>, Promise<void>>>();
  guard.client('ada');
  guard.client({ id: 'ada', plan: 'pro', claims: { role: 'admin' } });
  // @ts-expect-error a client needs a user
  guard.client();
  // @ts-expect-error a user has an id
  guard.client({ plan: 'pro' });
  // @ts-expect-error an unknown field of a user
  guard.fetchAs({ id: 'ada', admin: true });
  // @ts-expect-error a grace in milliseconds is a number
  guard.close({ graceMs: '10s' });
  // @ts-expect-error members of a guard are read-only
  guard.tokens = other.tokens;
}

export async function tokens({ tokens }: Guard): Promise<void> {
  assertType<
    Equal<IssuedToken, { readonly id: string; readonly value: string; readonly expires_at: number }>
  >();
  assertType<Equal<ReturnType<typeof tokens.issue>, Promise<IssuedToken>>>();
  assertType<Equal<ReturnType<typeof tokens.revoke>, Promise<boolean>>>();
  assertType<Equal<ReturnType<typeof tokens.revokeAll>, Promise<void>>>();
  assertType<Equal<ReturnType<typeof tokens.list>, Promise<Page<ListedToken>>>>();
  await tokens.list('ada', { cursor: undefined, limit: 10 });
  // @ts-expect-error tokens are those of a user
  await tokens.list();
  await tokens.issue({ user: 'ada' });
  await tokens.issue({ user: { id: 'ada' }, plan: 'pro', ttl: '15m', singleUse: true });
  await tokens.issue({ user: 'ada', models: ['gpt-5*'], limits: [{ requests: 1, per: 'day' }] });
  // @ts-expect-error a token needs a user
  await tokens.issue({ ttl: '15m' });
  // @ts-expect-error durations have a unit
  await tokens.issue({ user: 'ada', ttl: 900 });
  // @ts-expect-error an unknown field
  await tokens.issue({ user: 'ada', expiresIn: '15m' });
  // @ts-expect-error a limit of a token needs a window like any other limit
  await tokens.issue({ user: 'ada', limits: [{ requests: 1 }] });
}

export async function stops({ stop, resume, stops, usage }: Guard): Promise<void> {
  assertType<Equal<ReturnType<typeof stop>, Promise<void>>>();
  assertType<Equal<ReturnType<typeof resume>, Promise<boolean>>>();
  assertType<Equal<ReturnType<typeof stops>, Promise<readonly ServiceStop[]>>>();
  assertType<Equal<ReturnType<typeof usage.limits>, Promise<readonly LimitUsage[]>>>();
  await stop({ reason: 'A problem.', models: ['gpt-5*'], plans: ['free'], cut: true });
  await resume();
  await resume({ models: ['gpt-5*'], plans: ['free'] });
  // @ts-expect-error clients see the reason
  await stop({});
  // @ts-expect-error what a stop cuts is no part of its scope
  await resume({ cut: true });
}

export async function users({ users }: Guard): Promise<void> {
  assertType<
    Equal<
      keyof typeof users,
      | 'usage'
      | 'block'
      | 'unblock'
      | 'grant'
      | 'takeBack'
      | 'reset'
      | 'changed'
      | 'setPlan'
      | 'setLimits'
      | 'setGroups'
      | 'merge'
      | 'byEndUserId'
      | 'list'
      | 'blocked'
    >
  >();
  assertType<Equal<ReturnType<typeof users.list>, Promise<Page<ListedUser>>>>();
  assertType<Equal<ReturnType<typeof users.blocked>, Promise<Page<BlockedUser>>>>();
  await users.list({ cursor: (await users.list()).cursor });
  // @ts-expect-error a limit is a number
  await users.blocked({ limit: '10' });
  assertType<Equal<ReturnType<typeof users.setPlan>, Promise<boolean>>>();
  assertType<Equal<ReturnType<typeof users.merge>, Promise<boolean>>>();
  await users.setPlan('ada', ['pro', 'images'], { until: new Date(), asOf: new Date() });
  await users.setLimits('ada', [{ requests: 5, per: 'day' }]);
  assertType<Equal<ReturnType<typeof users.setGroups>, Promise<void>>>();
  await users.setGroups('ada', [{ kind: 'team', id: 7 }]);
  await users.setGroups('ada', undefined);
  // @ts-expect-error a group has an id
  await users.setGroups('ada', [{ kind: 'team' }]);
  // @ts-expect-error a plan has a name
  await users.setPlan('ada', 1);
  assertType<Equal<ReturnType<typeof users.usage>, Promise<UserUsage>>>();
  assertType<Equal<ReturnType<typeof users.grant>, Promise<UserUsage>>>();
  assertType<Equal<ReturnType<typeof users.reset>, Promise<UserUsage>>>();
  assertType<Equal<ReturnType<typeof users.block>, Promise<void>>>();
  assertType<Equal<ReturnType<typeof users.unblock>, Promise<void>>>();
  assertType<Equal<ReturnType<typeof users.changed>, Promise<void>>>();
  assertType<Equal<UserUsage['limits'], readonly LimitUsage[]>>();
  await users.block('ada', { reason: 'abuse', until: new Date() });
  await users.grant('ada', { requests: 5, usd: 0.5 });
  await users.grant('ada', { requests: 100, to: 'credits', id: 'pi_1' });
  // @ts-expect-error credits or limits
  await users.grant('ada', { requests: 100, to: 'wallet' });
  assertType<Equal<ReturnType<typeof users.takeBack>, Promise<boolean>>>();
  assertType<Equal<UserUsage['credits'], readonly CreditUsage[]>>();
  // @ts-expect-error a block needs a reason
  await users.block('ada', {});
  // @ts-expect-error "until" is a date
  await users.block('ada', { reason: 'abuse', until: '1d' });
  // @ts-expect-error calls in flight cannot be granted
  await users.grant('ada', { concurrent: 1 });
  // @ts-expect-error a user is unblocked by id
  await users.unblock({ id: 'ada' });
}

export async function groups({ groups }: Guard): Promise<void> {
  assertType<
    Equal<
      keyof typeof groups,
      'usage' | 'block' | 'unblock' | 'grant' | 'takeBack' | 'reset' | 'changed' | 'setLimits'
    >
  >();
  assertType<Equal<ReturnType<typeof groups.usage>, Promise<GroupUsage>>>();
  assertType<Equal<ReturnType<typeof groups.grant>, Promise<GroupUsage>>>();
  assertType<Equal<ReturnType<typeof groups.block>, Promise<void>>>();
  assertType<Equal<UserUsage['groups'], readonly UserGroupUsage[]>>();
  const team: Group = { kind: 'team', id: 't1' };
  await groups.setLimits({ ...team, id: 7 }, [{ usd: 100, per: 'month' }]);
  await groups.block(team, { reason: 'unpaid', until: new Date() });
  // @ts-expect-error a group has a kind and an id
  await groups.usage('t1');
  // @ts-expect-error a block needs a reason
  await groups.block(team, {});
  // @ts-expect-error a misspelt period
  await groups.setLimits(team, [{ usd: 100, per: 'mounth' }]);
}

/** The groups of a user are found by a function, at once or later. */
export const grouped: Pick<GuardOptions, 'groups' | 'groupsOf'> = {
  groups: { team: { limits: [{ usd: 100, per: 'month' }], showFigures: true }, org: {} },
  groupsOf: async ({ id }) => (id === 'ada' ? [{ kind: 'team', id: 7 }] : undefined),
};

/** A hook is written as a plain function, or with its settings. */
export const hooked: Pick<GuardOptions, 'before' | 'limiters'> = {
  before: [
    () => {},
    async () => {},
    ({ body, user, signal }) => {
      assertType<Equal<typeof body, Readonly<Record<string, unknown>>>>();
      assertType<Equal<typeof user, User>>();
      return signal.aborted ? denyRequest('no', { code: 'invalid_request' }) : { body };
    },
    { name: 'slow', run: async () => undefined, timeout: '1s', onError: 'allow' },
    moderate({ threshold: 0.5, onFlag: ({ categories }) => denyRequest(categories.join()) }),
  ],
  limiters: [
    () => {},
    async ({ key, most }) => ({ allowed: key.length < most.tokens, resetsAtMs: 0 }),
    { name: 'mine', limit: () => ({ allowed: false, resetsAtMs: 0, remaining: 1 }) },
  ],
};

export function wrongHooks(): Pick<GuardOptions, 'before' | 'limiters'>[] {
  // @ts-expect-error a limiter says when the call fits again
  const late: Limiter = () => ({ allowed: false });
  // @ts-expect-error a hook cannot deny with the code of a credential
  denyRequest('no', { code: 'invalid_credential' });
  // @ts-expect-error a hook returns no text
  const text: BeforeHook = () => 'no';
  return [{ before: text, limiters: [late] }];
}

export function events(guard: Guard): void {
  guard.on('guarded', (event) => assertType<Equal<typeof event, GuardedEvent>>());
  guard.on('settled', (event) => assertType<Equal<typeof event, SettledEvent>>());
  guard.on('denied', (event) => assertType<Equal<typeof event, DeniedEvent>>());
  guard.on('threshold', (event) => assertType<Equal<typeof event, ThresholdEvent>>());
  guard.on('would_deny', (event) => assertType<Equal<typeof event, WouldDenyEvent>>());
  guard.on('failed', async (event) => assertType<Equal<typeof event, FailedEvent>>());
  guard.on('released', (event) =>
    assertType<Equal<typeof event, { readonly callId: string; readonly userId: string }>>(),
  );
  guard.on('blocked', (event) =>
    assertType<Equal<typeof event, { readonly userId: string; readonly reason: string }>>(),
  );
  const stop = guard.on('settled', ({ usage }) =>
    assertType<Equal<typeof usage, Usage | undefined>>(),
  );
  assertType<Equal<typeof stop, () => void>>();
  // @ts-expect-error an unknown event
  guard.on('error', () => {});
  // @ts-expect-error a denial has no cost
  guard.on('denied', ({ costNanoUsd }) => costNanoUsd);
  // @ts-expect-error a settlement has no code
  guard.on('settled', ({ code }) => code);
}

export function denials(code: DenialCode, broken: BrokenLimit): void {
  assertType<Equal<keyof typeof denialCodes, DenialCode>>();
  const status: number = denialCodes[code].status;
  assertType<Equal<(typeof denialCodes)['quota_exceeded'], typeof denialCodes.quota_exceeded>>();
  assertType<Equal<LedgerError['code'], 'ledger_unavailable'>>();
  assertType<Equal<typeof broken.fitsAtMs, number | undefined>>();
  throw new LedgerError(`no such store: ${status}`);
}

/** A custom store needs nothing but the interface. */
class OwnLedger implements Ledger {
  readonly records = memoryLedger().records;
  async reserve() {
    return { granted: true, balances: [] } as const;
  }
  async settle() {
    return 'done' as const;
  }
  async release() {
    return 'unknown' as const;
  }
  async renew() {
    return true;
  }
  async read() {
    return [];
  }
  async credit() {
    return 'replayed' as const;
  }
  async close() {}
}

export function ledgers(): Ledger[] {
  const own = new OwnLedger();
  return [
    own,
    memoryLedger(),
    // @ts-expect-error a resolution is one of four words
    { ...own, settle: async () => 'settled' },
    // @ts-expect-error a denial names the broken limits
    { ...own, reserve: async () => ({ granted: false, balances: [] }) },
    // @ts-expect-error verbs are asynchronous
    { ...own, renew: () => true },
    // @ts-expect-error a verb is missing
    { records: own.records, reserve: own.reserve, settle: own.settle },
  ];
}

export function authenticators(user: User, identity: Identity): Authenticator[] {
  return [
    { authenticate: () => ({ user }) },
    { authenticate: async (request) => (request.header('x-key') ? identity : undefined) },
    { authenticate: (_request, context) => context.verifyUserToken('gct_') },
    // @ts-expect-error without a credential of its kind, an authenticator returns `undefined`
    { authenticate: () => null },
    // @ts-expect-error a user, not a boolean
    { authenticate: async () => true },
  ];
}

const issued: Pick<JwtOptions, 'issuer' | 'audience' | 'algorithms'> = {
  issuer: 'https://login.example',
  audience: 'app',
  algorithms: ['ES256'],
};

export function logins(attest: Attestation): Authenticator[] {
  assertType<Equal<ReturnType<typeof firebaseAppCheck>, Attestation>>();
  assertType<Equal<AuthenticationUnavailableError['code'], 'auth_unavailable'>>();
  return [
    jwt({ ...issued, jwks: new URL('https://login.example/jwks.json'), skew: '10s' }),
    jwt({ ...issued, secret: process.env['SECRET'], user: ({ uid }) => ({ id: String(uid) }) }),
    supabaseAuth({ url: 'https://a.supabase.co', legacySecret: process.env['SECRET'] }),
    allOf(attest, async (request) => request.method === 'POST', userTokens()),
    // @ts-expect-error the audience is missing
    jwt({ issuer: issued.issuer, algorithms: ['RS256'], jwks: 'https://login.example/jwks.json' }),
    // @ts-expect-error the algorithms are missing
    jwt({ issuer: issued.issuer, audience: 'app', jwks: 'https://login.example/jwks.json' }),
    // @ts-expect-error unsigned tokens are never accepted
    jwt({ ...issued, algorithms: ['none'], secret: 'x' }),
    // @ts-expect-error a user is not a promise: look plans up in "planOf"
    jwt({ ...issued, secret: 'x', user: async () => ({ id: 'ada' }) }),
    // @ts-expect-error durations have a unit
    firebaseAuth({ projectId: 'my-app', skew: 5 }),
    // @ts-expect-error authorized parties are a list
    clerkAuth({ issuer: 'https://clerk.example', authorizedParties: 'https://app.example' }),
    // @ts-expect-error which of its two kinds of token
    cognito({ region: 'eu-central-1', userPoolId: 'eu-central-1_A', clientId: 'app' }),
    // @ts-expect-error an attestation is not a login
    allOf(attest, attest),
    // @ts-expect-error an attestation returns a boolean
    allOf(() => 'yes', userTokens()),
  ];
}
