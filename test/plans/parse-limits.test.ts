import { describe, expect, it } from 'vitest';
import { mayAllow, modelList } from '../../src/plans/model-list.ts';
import { parseLimit, parseLimits } from '../../src/plans/parse-limits.ts';

const NOW_MS = Date.parse('2026-11-23T14:30:00Z');
const ADA = { id: 'ada' };
const ruleOf = (spec: unknown) => parseLimit(spec, 'limit').ruleFor(ADA, NOW_MS);

describe('A valid limit', () => {
  it('A limit per duration has a rolling window', () => {
    expect(ruleOf({ requests: 15, per: '24h' })).toEqual({
      kind: 'rolling',
      key: 'requests/24h',
      unit: 'requests',
      amount: 15,
      windowMs: 86_400_000,
    });
  });

  it('A limit per period has a calendar window and the nearer neighboring window', () => {
    expect(ruleOf({ usd: 0.05, per: 'day' })).toEqual({
      kind: 'calendar',
      key: 'usd/day',
      unit: 'nanoUsd',
      amount: 50_000_000,
      windows: [
        { startMs: Date.parse('2026-11-23'), endMs: Date.parse('2026-11-24') },
        { startMs: Date.parse('2026-11-24'), endMs: Date.parse('2026-11-25') },
      ],
    });
  });

  it.each([
    ['minute', 60_000],
    ['90s', 90_000],
    ['month', 30 * 86_400_000],
  ])('A limit with a burst is a rate (per %s)', (per, periodMs) => {
    const key = `tokens/${per}~rate`;
    const rate = { kind: 'rate', key, unit: 'tokens', amount: 600, periodMs, burst: 10 };
    expect(ruleOf({ tokens: 600, per, burst: 10 })).toEqual(rate);
  });

  it('A concurrent limit is a number of slots', () => {
    const rule = { kind: 'concurrent', key: 'concurrent', unit: 'concurrent', amount: 2 };
    expect(ruleOf({ concurrent: 2 })).toEqual(rule);
  });

  it.each([
    { requests: 15, per: '24h' },
    { usd: 1, per: 'day' },
    { tokens: 600, per: 'minute', burst: 10 },
    { concurrent: 2 },
  ])('A rule has the ledger failure mode only if the limit sets one (%o)', (spec) => {
    expect(ruleOf({ ...spec, onLedgerFailure: 'local' })).toEqual({
      ...ruleOf(spec),
      onFailure: 'local',
    });
    expect(ruleOf(spec)).not.toHaveProperty('onFailure');
    expect(() => ruleOf({ ...spec, onLedgerFailure: 'open' })).toThrow(
      '"limit.onLedgerFailure": must be "deny", "allow" or "local"',
    );
  });

  it('A limit has a name and a window that headers can show', () => {
    const shown = (spec: unknown) => {
      const { name, windowSeconds } = parseLimit(spec, 'limit');
      return [name, windowSeconds];
    };
    expect(shown({ requests: 15, per: '24h' })).toEqual(['requests-24h', 86_400]);
    expect(shown({ usd: 20, per: 'month' })).toEqual(['usd-month', 2_592_000]);
    expect(shown({ requests: 1, per: '500ms' })).toEqual(['requests-500ms', 1]);
    expect(shown({ concurrent: 2 })).toEqual(['concurrent', undefined]);
    expect(shown({ usd: 1, per: 'day', name: 'free trial' })).toEqual(['free trial', 86_400]);
  });

  it('The key of a limit depends on its zone and name, not on its amount or plan', () => {
    expect(ruleOf({ usd: 1, per: 'day' }).key).toBe(ruleOf({ usd: 9, per: 'day' }).key);
    expect(ruleOf({ usd: 1, per: 'day', timeZone: 'UTC' }).key).toBe('usd/day');
    expect(ruleOf({ usd: 1, per: 'day', timeZone: 'europe/berlin' }).key).toBe(
      'usd/day@Europe/Berlin',
    );
    expect(ruleOf({ usd: 1, per: 'day', name: 'trial' }).key).toBe('usd:trial');
  });

  it('A limit of 0 denies everything, and amounts up to the largest exact number are accepted', () => {
    expect(ruleOf({ tokens: 0, per: 'day' }).amount).toBe(0);
    expect(ruleOf({ usd: 0, per: 'day' }).amount).toBe(0);
    expect(ruleOf({ tokens: Number.MAX_SAFE_INTEGER, per: 'day' }).amount).toBe(2 ** 53 - 1);
    expect(Number.isSafeInteger(ruleOf({ usd: 9_007_199, per: 'day' }).amount)).toBe(true);
  });

  it('A limit returns the same rule object while its window lasts, and a new one after it', () => {
    const limit = parseLimit({ usd: 1, per: 'day' }, 'limit');
    const rule = limit.ruleFor(ADA, NOW_MS);
    const endMs = Date.parse('2026-11-24');
    expect(limit.ruleFor({ id: 'bob' }, endMs - 1)).toBe(rule);
    expect(limit.ruleFor(ADA, endMs)).not.toBe(rule);
  });
});

describe('A balance and credits', () => {
  it('A limit per "ever" is a balance without a window', () => {
    const rule = { kind: 'balance', key: 'requests/ever', unit: 'requests', amount: 20 };
    expect(ruleOf({ requests: 20, per: 'ever' })).toEqual(rule);
    const { name, windowSeconds } = parseLimit({ requests: 20, per: 'ever' }, 'limit');
    expect([name, windowSeconds]).toEqual(['requests-ever', undefined]);
  });

  it('A limit "then" credits spills, and the credits of each unit follow once, last', () => {
    const limits = parseLimits(
      [
        { requests: 15, per: 'day', then: 'credits' },
        { requests: 5, per: 'hour', then: 'credits' },
        { usd: 1, per: '24h', then: 'credits' },
        { concurrent: 2 },
      ],
      'plan',
    );
    expect(limits.slice(0, 3).map((limit) => limit.ruleFor(ADA, NOW_MS))).toEqual(
      [15, 5, 1_000_000_000].map((amount) => expect.objectContaining({ amount, spills: true })),
    );
    expect(limits.slice(4).map(({ name }) => name)).toEqual(['credits-requests', 'credits-usd']);
    expect(limits[4]?.ruleFor(ADA, NOW_MS)).toEqual({
      kind: 'balance',
      isCredit: true,
      key: 'credits/requests',
      unit: 'requests',
      amount: 0,
      onFailure: 'allow',
    });
  });

  it('A shadow limit has a shadow rule', () => {
    expect(ruleOf({ requests: 1, per: 'day', enforce: false })).toHaveProperty('shadow', true);
    expect(ruleOf({ requests: 1, per: 'day', enforce: true })).not.toHaveProperty('shadow');
  });
});

describe('A limit of some models or endpoints', () => {
  const named = (spec: object) => {
    const { name, key } = parseLimit({ requests: 5, per: 'day', ...spec }, 'limit');
    return { name, key };
  };

  it('Its name and counter say what it counts, in whichever order that is written', () => {
    expect(named({ models: ['gpt-5'] })).toEqual({
      name: 'requests-day-gpt-5',
      key: 'requests/day-gpt-5',
    });
    expect(named({ endpoints: ['embeddings'] }).name).toBe('requests-day@embeddings');
    const both = { models: ['o3', 'gpt-5*', 'o3'], endpoints: ['responses'] };
    expect(named(both).name).toBe('requests-day-gpt-5*+o3@responses');
    expect(named({ ...both, models: ['gpt-5*', 'o3'] })).toEqual(named(both));
  });

  it('A long list and a name that headers cannot show are shortened to a hash', () => {
    const long = ['gpt-5-mini', 'gpt-5-nano', 'gpt-4o-mini', 'o4-mini'];
    for (const models of [long, ['modèle"x"'], ['a+b']]) {
      expect(named({ models }).name).toMatch(/^requests-day~[\w-]{16}$/);
    }
    expect(named({ models: long }).key).toBe(named({ models: long.toReversed() }).key);
    expect(named({ models: ['a+b'] }).key).not.toBe(named({ models: ['a', 'b'] }).key);
  });

  it('A given name keeps its counter when the list changes', () => {
    const large = { name: 'large', models: ['gpt-5'] };
    expect(named({ ...large, models: ['gpt-5', 'o3'] })).toEqual(named(large));
    expect(named(large).key).toBe('requests:large');
  });

  it.each([
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5-2025-08-07', true],
    ['gpt-4', 'gpt-4-0613', true],
    ['gpt-5', 'gpt-5-mini', false],
    ['gpt-5', 'gpt-5-mini-2025-08-07', false],
    ['gpt-5', 'GPT-5', false],
    ['gpt-5-2025-08-07', 'gpt-5', false],
    ['gpt-5*', 'gpt-5-mini', true],
    ['gpt-5-m*', 'gpt-5', false],
  ])('A limit of %s is asked about %s: it counts it, %s', (counted, model, counts) => {
    const { filter } = parseLimit({ requests: 5, per: 'day', models: [counted] }, 'limit');
    expect(filter?.models?.allows(model)).toBe(counts);
  });

  it.each([
    ['gpt-5', ['gpt-5'], true],
    ['gpt-5', ['gpt-5-2025-08-07'], true],
    ['gpt-5', ['gpt-5-2025*'], true],
    ['gpt-5', ['gpt-5-mini*', 'o3'], false],
    ['gpt-5', ['gpt*'], true],
    ['gpt-5*', ['gpt-5-mini'], true],
    ['gpt-5-mini*', ['gpt-5*'], true],
    ['gpt-5*', ['gpt-5-mini*'], true],
    ['gpt-5*', ['gpt-4*', 'o3'], false],
    ['gpt-5-2025-08-07', ['gpt-5'], false],
  ])('A limit of %s in a plan of %o may count a call: %s', (counted, allowed, may) => {
    expect(mayAllow(modelList(allowed), counted)).toBe(may);
  });
});

describe('An invalid limit', () => {
  it.each([
    ['null', null, '"plan[0]"'],
    ['no unit', { per: 'day' }, '"plan[0]"'],
    ['a unit of upstreams', { upstreamTokens: 1, per: 'day' }, 'one of "requests"'],
    ['two units', { requests: 1, tokens: 1, per: 'day' }, '"plan[0]"'],
    ['an amount of NaN', { requests: Number.NaN, per: 'day' }, '"plan[0].requests"'],
    ['a negative amount', { requests: -1, per: 'day' }, '"plan[0].requests"'],
    ['a string as its amount', { requests: '10', per: 'day' }, '"plan[0].requests"'],
    ['a fraction of a token', { tokens: 1.5, per: 'day' }, '"plan[0].tokens"'],
    ['an infinite amount', { tokens: Number.POSITIVE_INFINITY, per: 'day' }, '"plan[0].tokens"'],
    ['an amount above 2^53', { tokens: 2 ** 53, per: 'day' }, '"plan[0].tokens"'],
    ['an undefined amount', { tokens: undefined, per: 'day' }, '"plan[0].tokens"'],
    ['too much money', { usd: 9_007_200, per: 'day' }, '"plan[0].usd"'],
    ['money below one nano-USD', { usd: 1e-10, per: 'day' }, '"plan[0].usd"'],
    ['money as a string', { usd: '$5', per: 'day' }, '"plan[0].usd"'],
    ['no window', { requests: 1 }, '"plan[0].per"'],
    ['a window of 0', { requests: 1, per: '0s' }, '"plan[0].per"'],
    ['a number as its window', { requests: 1, per: 60 }, '"plan[0].per"'],
    ['an unknown period', { requests: 1, per: 'fortnight' }, '"plan[0].per"'],
    ['a window below 100 ms', { requests: 1, per: '99ms' }, '"plan[0].per"'],
    ['a window above 10 years', { requests: 1, per: '3661d' }, '"plan[0].per"'],
    ['an unknown key', { requests: 1, per: 'day', brust: 2 }, 'brust'],
    ['a burst of 0', { requests: 1, per: 'day', burst: 0 }, '"plan[0].burst"'],
    ['a burst below 1', { requests: 1, per: 'day', burst: 0.5 }, '"plan[0].burst"'],
    [
      'an unknown time zone',
      { requests: 1, per: 'day', timeZone: 'Mars/Olympus' },
      '"plan[0].timeZone"',
    ],
    ['a zone and a duration', { requests: 1, per: '24h', timeZone: 'UTC' }, '"plan[0].timeZone"'],
    [
      'an anchor that is not a date',
      { requests: 1, per: 'month', anchor: '31.1.' },
      '"plan[0].anchor"',
    ],
    [
      'an anchor on a day that does not exist',
      { usd: 1, per: 'month', anchor: '2026-02-31' },
      '"plan[0].anchor"',
    ],
    [
      'an anchor and a burst',
      { usd: 1, per: 'month', burst: 1, anchor: '2026-01-31' },
      '"plan[0].anchor"',
    ],
    ['slots with a window', { concurrent: 1, per: 'day' }, 'per'],
    ['a name that headers cannot show', { concurrent: 1, name: 'a"b' }, '"plan[0].name"'],
    ['an empty name', { concurrent: 1, name: '' }, '"plan[0].name"'],
    ['a reserved name', { requests: 1, per: 'day', name: 'single-use' }, '"plan[0].name"'],
  ])('A limit with %s throws a TypeError that names the field', (_title, spec, field) => {
    const parse = () => parseLimits([spec], 'plan');
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(field);
  });

  it('Two limits with the same name, a value that is not a list, and 65 limits throw', () => {
    const same = [
      { usd: 1, per: 'day' },
      { usd: 2, per: 'day' },
    ];
    expect(() => parseLimits(same, 'plan')).toThrow('"plan" has two limits "usd-day"');
    expect(() => parseLimits({ usd: 1, per: 'day' }, 'plan')).toThrow('"plan" must be a list');
    const many = Array.from({ length: 65 }, (_, index) => ({ concurrent: 1, name: `${index}` }));
    expect(() => parseLimits(many, 'plan')).toThrow('at most 64');
  });

  it('Limits with different names are all kept in order', () => {
    const named = [
      { usd: 1, per: 'day' },
      { usd: 9, per: 'day', name: 'other' },
      { concurrent: 1 },
    ];
    const names = parseLimits(named, 'plan').map(({ name }) => name);
    expect(names).toEqual(['usd-day', 'other', 'concurrent']);
  });
});
