import { describe, expect, it } from 'vitest';
import { parseLimit, parseLimits } from '../../src/plans/parse-limits.ts';

const NOW_MS = Date.parse('2026-11-23T14:30:00Z');
const ADA = { id: 'ada' };
const ruleOf = (spec: unknown) => parseLimit(spec, 'limit').ruleFor(ADA, NOW_MS);

describe('a limit that is written right', () => {
  it('is a rolling window when it is per duration', () => {
    expect(ruleOf({ requests: 15, per: '24h' })).toEqual({
      kind: 'rolling',
      key: 'requests/24h',
      unit: 'requests',
      amount: 15,
      windowMs: 86_400_000,
    });
  });

  it('is a calendar window and its nearer neighbour when it is per period', () => {
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
  ])('is a rate when it has a burst (per %s)', (per, periodMs) => {
    const key = `tokens/${per}~rate`;
    const rate = { kind: 'rate', key, unit: 'tokens', amount: 600, periodMs, burst: 10 };
    expect(ruleOf({ tokens: 600, per, burst: 10 })).toEqual(rate);
  });

  it('is a number of slots when it says concurrent', () => {
    const rule = { kind: 'concurrent', key: 'concurrent', unit: 'concurrent', amount: 2 };
    expect(ruleOf({ concurrent: 2 })).toEqual(rule);
  });

  it.each([
    { requests: 15, per: '24h' },
    { usd: 1, per: 'day' },
    { tokens: 600, per: 'minute', burst: 10 },
    { concurrent: 2 },
  ])('says in its rule what a failing store means for it, and nothing by default (%o)', (spec) => {
    expect(ruleOf({ ...spec, onLedgerFailure: 'local' })).toEqual({
      ...ruleOf(spec),
      onFailure: 'local',
    });
    expect(ruleOf(spec)).not.toHaveProperty('onFailure');
    expect(() => ruleOf({ ...spec, onLedgerFailure: 'open' })).toThrow(
      '"limit.onLedgerFailure": must be "deny", "allow" or "local"',
    );
  });

  it('has a name and a window that headers can show', () => {
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

  it('keeps its key when the amount or the plan changes, and gets another by zone or name', () => {
    expect(ruleOf({ usd: 1, per: 'day' }).key).toBe(ruleOf({ usd: 9, per: 'day' }).key);
    expect(ruleOf({ usd: 1, per: 'day', timeZone: 'UTC' }).key).toBe('usd/day');
    expect(ruleOf({ usd: 1, per: 'day', timeZone: 'europe/berlin' }).key).toBe(
      'usd/day@Europe/Berlin',
    );
    expect(ruleOf({ usd: 1, per: 'day', name: 'trial' }).key).toBe('usd:trial');
  });

  it('denies everything at 0, and takes the largest amounts that are counted exactly', () => {
    expect(ruleOf({ tokens: 0, per: 'day' }).amount).toBe(0);
    expect(ruleOf({ usd: 0, per: 'day' }).amount).toBe(0);
    expect(ruleOf({ tokens: Number.MAX_SAFE_INTEGER, per: 'day' }).amount).toBe(2 ** 53 - 1);
    expect(Number.isSafeInteger(ruleOf({ usd: 9_007_199, per: 'day' }).amount)).toBe(true);
  });

  it('answers the same rule while its window lasts, and a new one after', () => {
    const limit = parseLimit({ usd: 1, per: 'day' }, 'limit');
    const rule = limit.ruleFor(ADA, NOW_MS);
    const endMs = Date.parse('2026-11-24');
    expect(limit.ruleFor({ id: 'bob' }, endMs - 1)).toBe(rule);
    expect(limit.ruleFor(ADA, endMs)).not.toBe(rule);
  });
});

describe('B18 a limit that is written wrong is a TypeError that names the field', () => {
  it.each([
    ['no object', null, '"plan[0]"'],
    ['no unit', { per: 'day' }, '"plan[0]"'],
    ['two units', { requests: 1, tokens: 1, per: 'day' }, '"plan[0]"'],
    ['NaN', { requests: Number.NaN, per: 'day' }, '"plan[0].requests"'],
    ['below 0', { requests: -1, per: 'day' }, '"plan[0].requests"'],
    ['a text', { requests: '10', per: 'day' }, '"plan[0].requests"'],
    ['a fraction', { tokens: 1.5, per: 'day' }, '"plan[0].tokens"'],
    ['infinite', { tokens: Number.POSITIVE_INFINITY, per: 'day' }, '"plan[0].tokens"'],
    ['above 2^53', { tokens: 2 ** 53, per: 'day' }, '"plan[0].tokens"'],
    ['undefined', { tokens: undefined, per: 'day' }, '"plan[0].tokens"'],
    ['too much money', { usd: 9_007_200, per: 'day' }, '"plan[0].usd"'],
    ['money below one nano-USD', { usd: 1e-10, per: 'day' }, '"plan[0].usd"'],
    ['money as a text', { usd: '$5', per: 'day' }, '"plan[0].usd"'],
    ['no window', { requests: 1 }, '"plan[0].per"'],
    ['window 0', { requests: 1, per: '0s' }, '"plan[0].per"'],
    ['window of a number', { requests: 1, per: 60 }, '"plan[0].per"'],
    ['a window that is no period', { requests: 1, per: 'fortnight' }, '"plan[0].per"'],
    ['a window below 100 ms', { requests: 1, per: '99ms' }, '"plan[0].per"'],
    ['a window above 10 years', { requests: 1, per: '3661d' }, '"plan[0].per"'],
    ['an unknown key', { requests: 1, per: 'day', brust: 2 }, 'brust'],
    ['burst 0', { requests: 1, per: 'day', burst: 0 }, '"plan[0].burst"'],
    ['burst below 1', { requests: 1, per: 'day', burst: 0.5 }, '"plan[0].burst"'],
    [
      'a zone that is none',
      { requests: 1, per: 'day', timeZone: 'Mars/Olympus' },
      '"plan[0].timeZone"',
    ],
    ['a zone with a duration', { requests: 1, per: '24h', timeZone: 'UTC' }, '"plan[0].timeZone"'],
    [
      'an anchor that is no date',
      { requests: 1, per: 'month', anchor: '31.1.' },
      '"plan[0].anchor"',
    ],
    [
      'an anchor that never was',
      { usd: 1, per: 'month', anchor: '2026-02-31' },
      '"plan[0].anchor"',
    ],
    [
      'an anchor of a rate',
      { usd: 1, per: 'month', burst: 1, anchor: '2026-01-31' },
      '"plan[0].anchor"',
    ],
    ['slots with a window', { concurrent: 1, per: 'day' }, 'per'],
    ['a name that headers cannot show', { concurrent: 1, name: 'a"b' }, '"plan[0].name"'],
    ['a name of nothing', { concurrent: 1, name: '' }, '"plan[0].name"'],
    ['a reserved name', { requests: 1, per: 'day', name: 'single-use' }, '"plan[0].name"'],
  ])('%s', (_title, spec, field) => {
    const parse = () => parseLimits([spec], 'plan');
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(field);
  });

  it('two limits of one name, and what is no list', () => {
    const same = [
      { usd: 1, per: 'day' },
      { usd: 2, per: 'day' },
    ];
    expect(() => parseLimits(same, 'plan')).toThrow('"plan" has two limits "usd-day"');
    expect(() => parseLimits({ usd: 1, per: 'day' }, 'plan')).toThrow('"plan" must be a list');
    const many = Array.from({ length: 65 }, (_, index) => ({ concurrent: 1, name: `${index}` }));
    expect(() => parseLimits(many, 'plan')).toThrow('at most 64');
  });

  it('limits of different names are all kept, in order', () => {
    const named = [
      { usd: 1, per: 'day' },
      { usd: 9, per: 'day', name: 'other' },
      { concurrent: 1 },
    ];
    const names = parseLimits(named, 'plan').map(({ name }) => name);
    expect(names).toEqual(['usd-day', 'other', 'concurrent']);
  });
});
