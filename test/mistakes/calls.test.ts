import { afterAll, describe, expect, it } from 'vitest';
import { authenticate } from '../../src/auth/index.ts';
import { createGuardedCompletion } from '../../src/guard/create-guarded-completion.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { messageLater } from './refusals.ts';

const plans = {
  free: { models: [MODEL], limits: [{ requests: 5, per: 'day' }] },
  pro: { models: [MODEL] },
};
const PLANS = 'which is no plan: the plans are "free", "pro"';
const MUST_BE = 'must be the id of a user: a text, or a whole number up to 2^53';

const guard = createGuardedCompletion({
  apiKey: 'sk-example',
  secret: 'mJ4vQ9xT2bL7wR0zN5cK8yF3hD6gS1pA',
  plans,
  planOf: () => 'free',
  groups: { team: {} },
});
afterAll(() => guard.close({ graceMs: 0 }));
const issue = (request: unknown) => guard.tokens.issue(request as never);
const block = (given: unknown) => guard.users.block('ada', given as never);
const grant = (given: unknown) => guard.users.grant('ada', given as never);
const setGroups = (groups: unknown) => guard.users.setGroups('ada', groups as never);
const setPlan = (plan: unknown, more?: object) =>
  guard.users.setPlan('ada', plan as 'free', more as never);

const stop = (given: unknown) => guard.stop(given as never);
const REASON = 'A problem.';

const calls: readonly [call: string, making: () => Promise<unknown>, message: string][] = [
  ['stop()', () => stop(undefined), '"guard.stop": must be an object'],
  [
    'stop: no reason',
    () => stop({ reason: '' }),
    '"guard.stop.reason": must be a non-empty string',
  ],
  [
    'stop: long reason',
    () => stop({ reason: 'x'.repeat(501) }),
    '"guard.stop.reason": must be a string of at most 500',
  ],
  [
    'stop: plan',
    () => stop({ reason: REASON, plans: ['free', 'prro'] }),
    '"guard.stop.plans.1": "prro" is no plan; did you mean "pro"?',
  ],
  [
    'stop: model',
    () => stop({ reason: REASON, models: ['gpt-5-min'] }),
    `"guard.stop.models.0": "gpt-5-min" is no model that a plan allows; did you mean "${MODEL}"?`,
  ],
  ['stop: [] models', () => stop({ reason: REASON, models: [] }), '"guard.stop.models": must be'],
  [
    'stop: endpoint',
    () => stop({ reason: REASON, endpoints: ['chat'] }),
    '"guard.stop.endpoints.0": must be "chat.completions" or',
  ],
  ['stop: cut', () => stop({ reason: REASON, cut: 1 }), '"guard.stop.cut": must be true or false'],
  [
    'resume: cut',
    () => guard.resume({ cut: true } as never),
    '"guard.resume": has an unknown field "cut"',
  ],
  ['issue("ada")', () => issue('ada'), '"tokens.issue": must be an object'],
  ['issue({})', () => issue({}), '"tokens.issue.user": must be a user, or the id of one'],
  [
    'issue: plan',
    () => issue({ user: 'a', plan: 'prro' }),
    `"tokens.issue.plan" is "prro", ${PLANS}`,
  ],
  [
    'issue: plan of user',
    () => issue({ user: { id: 'a', plan: 'prro' } }),
    `"tokens.issue.plan" is "prro", ${PLANS}`,
  ],
  [
    'issue: row',
    () => issue({ user: { id: 1, email: '' } }),
    '"tokens.issue.user": has an unknown fi',
  ],
  [
    'issue: expiresIn',
    () => issue({ user: 1, expiresIn: '1h' }),
    '"tokens.issue": has an unknown fi',
  ],
  [
    'issue: seconds',
    () => issue({ user: 1, ttl: 900 }),
    '"tokens.issue.ttl": must be a duration like',
  ],
  [
    'issue: long',
    () => issue({ user: 1, ttl: '30d' }),
    '"tokens.issue.ttl" must be at most "1d": for',
  ],
  [
    'issue: models',
    () => issue({ user: 1, models: ['gpt-*-x'] }),
    '"tokens.issue.models.0": must be',
  ],
  [
    'issue: path',
    () => issue({ user: 1, endpoints: ['chat'] }),
    '"tokens.issue.endpoints.0": must be',
  ],
  [
    'issue: per',
    () => issue({ user: 1, limits: [{ requests: 1 }] }),
    '"tokens.issue.limits[0].per":',
  ],
  [
    'revoke("ada")',
    () => guard.tokens.revoke('ada'),
    '"tokens.revoke" must be the "id" of a token',
  ],
  [
    'block(id)',
    () => block(undefined),
    '"users.block" must get an object with the reason, such as {',
  ],
  [
    'block("abuse")',
    () => block('abuse'),
    '"users.block" must get an object with the reason, such as',
  ],
  ['block({})', () => block({}), '"users.block.reason": must be a string'],
  [
    'block: until',
    () => block({ reason: 'x', until: '1d' }),
    '"users.block.until": must be a Date',
  ],
  ['grant(5)', () => grant(5), '"users.grant": must be an object'],
  [
    'grant: no limit',
    () => grant({ tokens: 5 }),
    '"users.grant.tokens": no limit of the plan "free"',
  ],
  [
    'grant: concurrent',
    () => grant({ concurrent: 5 }),
    '"users.grant": has an unknown field "concurr',
  ],
  ['grant: below 0', () => grant({ requests: -1 }), '"users.grant.requests": must be at least 0'],
  [
    'grant: a negative credit',
    () => grant({ requests: -1, to: 'credits' }),
    '"users.grant.requests": must be at least 0',
  ],
  [
    'grant: a part of a request',
    () => grant({ requests: 0.5, to: 'credits' }),
    '"users.grant.requests": must be a whole number',
  ],
  [
    'grant: nothing',
    () => grant({ to: 'credits' }),
    '"users.grant" must give something, such as { requests: 100 }',
  ],
  ['grant: zero', () => grant({ requests: 0 }), '"users.grant" must give something, such as'],
  [
    'grant: to',
    () => grant({ requests: 1, to: 'credit' }),
    '"users.grant.to": must be "limits" or "credits"',
  ],
  [
    'grant: an id without credits',
    () => grant({ requests: 1, id: 'pi_1' }),
    `"users.grant.id" needs "to: 'credits'"`,
  ],
  [
    'grant: an empty id',
    () => grant({ requests: 1, to: 'credits', id: '' }),
    '"users.grant.id": must be a string of 1 to 256 characters',
  ],
  [
    'takeBack: no id',
    () => guard.users.takeBack('ada', undefined as never),
    '"users.takeBack.id": must be a string of 1 to 256 characters',
  ],
  ['setPlan("prro")', () => setPlan('prro'), `"users.setPlan" got "prro", ${PLANS}`],
  ['setPlan(null)', () => setPlan(null), `"users.setPlan" got null, ${PLANS}`],
  [
    'setPlan: until',
    () => setPlan('pro', { until: '1d' }),
    '"users.setPlan.until": must be a Date',
  ],
  ['setGroups("t1")', () => setGroups('t1'), '"users.setGroups": must be a list of groups, such'],
  [
    'setGroups: kind',
    () => setGroups([{ kind: 'tem', id: 1 }]),
    '"users.setGroups" got a group of the kind "tem", which is not known: the kinds are "team"',
  ],
  [
    'setGroups: id',
    () => setGroups([{ kind: 'team' }]),
    '"users.setGroups.0.id": must be the id of a group',
  ],
  [
    'issue: kind',
    () => issue({ user: { id: 1, groups: [{ kind: 'x', id: 1 }] } }),
    '"tokens.issue.user.groups" has a group of the kind "x", which is not known',
  ],
  [
    'groups.usage("t1")',
    () => guard.groups.usage('t1' as never),
    '"groups.usage": must be a group, such as { kind: "team", id: "t1" }',
  ],
  [
    'groups.reset: kind',
    () => guard.groups.reset({ kind: 'tem', id: 1 }),
    '"groups.reset" got a group of the kind "tem", which is not known: the kinds are "team"',
  ],
  [
    'groups.grant: no limit',
    () => guard.groups.grant({ kind: 'team', id: 't1' }, { usd: 5 }),
    '"groups.grant.usd": no limit of the team "t1" counts it; its limits count nothing',
  ],
  [
    'groups.block("unpaid")',
    () => guard.groups.block({ kind: 'team', id: 't1' }, 'unpaid' as never),
    '"groups.block" must get an object with the reason, such as {',
  ],
  [
    'groups.setLimits: model',
    () => {
      const limit = { usd: 1, per: 'day', models: ['gpt-9'] } as const;
      return guard.groups.setLimits({ kind: 'team', id: 't1' }, [limit]);
    },
    '"groups.setLimits[0].models.0": "gpt-9" is no model that may be called here; the models',
  ],
  ['usage()', () => guard.users.usage(undefined as never), `"users.usage": ${MUST_BE}`],
  ['merge(id)', () => guard.users.merge('a', undefined as never), `"users.merge": ${MUST_BE}`],
  [
    'unblock({ id })',
    () => guard.users.unblock({ id: 'a' } as never),
    `"users.unblock": ${MUST_BE}`,
  ],
];

describe('A mistake in a call', () => {
  it.each(calls)(
    '%s is refused, and the message says what it wants',
    async (_, making, message) => {
      expect((await messageLater(making)).slice(0, message.length)).toBe(message);
    },
  );
});

const groupsOf = (groups: unknown) => ({
  planOf: () => 'pro',
  groups: { team: {} },
  groupsOf: () => groups,
});
const team = { kind: 'team', id: 't1' };

/** What hooks return is known only at a call. The client gets 500, the operator the reason. */
const hooks: readonly [what: string, options: object, error: string][] = [
  ['planOf, a wrong name', { planOf: () => 'prro' }, `"planOf" returned "prro", ${PLANS}`],
  ['planOf, nothing', { planOf: () => undefined }, `"planOf" returned undefined, ${PLANS}`],
  ['planOf, later', { planOf: async () => 'prro' }, `"planOf" returned "prro", ${PLANS}`],
  [
    'planOf, an object',
    { planOf: () => ({}) },
    `"planOf" returned a value of the type object, ${PLANS}`,
  ],
  ['no planOf', {}, 'A user has no plan: set the option "planOf", or issue tokens with "plan"'],
  ['authenticate', { auth: authenticate(() => true as never) }, `"authenticate": ${MUST_BE}`],
  [
    'authenticate, no id',
    { auth: authenticate(() => ({}) as never) },
    `"authenticate.id": ${MUST_BE}`,
  ],
  [
    'apiKey',
    { apiKey: () => 'sk-x\n', planOf: () => 'pro' },
    '"apiKey" must have no space or line bre',
  ],
  [
    'groupsOf, a text',
    groupsOf('t1'),
    '"groupsOf": must be a list of groups, such as [{ kind: "te',
  ],
  ['groupsOf, ids', groupsOf(['t1']), '"groupsOf.0": must be a group, such as { kind: "team", id:'],
  ['groupsOf, no id', groupsOf([{ kind: 'team' }]), '"groupsOf.0.id": must be the id of a group'],
  [
    'groupsOf, a long id',
    groupsOf([{ kind: 'team', id: 'x'.repeat(257) }]),
    '"groupsOf.0.id": must be the id of a group: a text, or a whole number',
  ],
  ['groupsOf, five', groupsOf(Array(5).fill(team)), '"groupsOf": must be at most 4 groups'],
  [
    'groupsOf, two teams',
    groupsOf([team, team]),
    '"groupsOf": must have at most one group of each',
  ],
  [
    'groupsOf, later',
    { ...groupsOf(undefined), groupsOf: async () => [{ kind: 'tem', id: 1 }] },
    '"groupsOf" returned a group of the kind "tem", which is not known: the kinds are "team"',
  ],
  [
    'authenticate, groups',
    { auth: authenticate(() => ({ id: 'a', groups: [team] })), planOf: () => 'pro' },
    '"user.groups" has a group of the kind "team", which is not known: set the option "groups"',
  ],
];

describe('A hook that returns something wrong', () => {
  it.each(hooks)('The failed event names it: %s', async (_, options, error) => {
    await using fixture = await startFixture({ plans, ...options });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('plan');
    expect(fixture.failed.map((event) => String(event.error))[0]).toContain(error);
    expect(fixture.fake.requests).toEqual([]);
  });
});
