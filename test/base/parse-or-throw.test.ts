import { describe, expect, it } from 'vitest';
import { createGuardedCompletion, type GuardOptions } from '../../src/index.ts';

const good: GuardOptions = {
  apiKey: 'sk-example',
  secret: 'a secret of 32 bytes or more ...',
  plans: { free: { models: ['gpt-5-mini'] } },
};
const free = (plan: object) => ({ plans: { free: { models: ['m'], ...plan } } });

describe('A wrong option is a TypeError that names the field and what it must be', () => {
  it.each([
    [{ organization: 7 }, '"options.organization": must be a string'],
    [{ organization: '' }, '"options.organization": must be a non-empty string'],
    [{ apiKey: undefined }, '"options.apiKey": must be a non-empty string or a function'],
    [{ auth: {} }, '"options.auth": must be an authenticator, such as userTokens()'],
    [{ ledger: { reserve() {} } }, '"options.ledger": must be a ledger, such as memoryLedger()'],
    [{ planOf: 'free' }, '"options.planOf": must be a function'],
    [{ planTtl: 'soon' }, '"options.planTtl": must be a duration like "90s"'],
    [{ timeouts: { hook: 5 } }, '"options.timeouts.hook": must be a duration like "90s"'],
    [{ timeouts: { total: '5s' } }, '"options.timeouts": has an unknown field "total"'],
    [{ bounds: { inFlight: 0 } }, '"options.bounds.inFlight": must be at least 1'],
    [{ bounds: { inFlight: 1.5 } }, '"options.bounds.inFlight": must be a whole number'],
    [{ rememberEndUserIds: 'no' }, '"options.rememberEndUserIds": must be true or false'],
    [{ onDisconnect: 'ignore' }, '"options.onDisconnect": must be "abort" or "drain"'],
    [{ baseURL: 'openai' }, '"options.baseURL": must be a URL'],
    [{ cors: { origins: '*' } }, '"options.cors.origins": must be a list'],
    [{ plans: {} }, '"options.plans": must have at least one plan'],
    [free({ models: [] }), '"options.plans.free.models": must name at least one model'],
    [free({ maxChoices: 129 }), '"options.plans.free.maxChoices": must be at most 128'],
    [free({ limits: {} }), '"options.plans.free.limits": must be a list of limits'],
    [free({ limits: [{ requests: '1', per: 'day' }] }), '"options.plans.free.limits[0].requests"'],
    [
      free({ allow: { stateful: { inputTokens: -1 } } }),
      '"options.plans.free.allow.stateful.inputTokens": must be at least 0',
    ],
  ])('%j', (wrong, message) => {
    const start = () => createGuardedCompletion({ ...good, ...wrong } as GuardOptions);
    expect(start).toThrow(TypeError);
    expect(start).toThrow(message);
  });

  it('Nothing is wrong with the options that these are made from', async () => {
    await createGuardedCompletion(good).close();
  });
});
