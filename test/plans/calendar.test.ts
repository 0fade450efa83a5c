import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import type { CalendarRule, Window } from '../../src/ledger/ledger.ts';
import { calendarWindows, parseAnchor } from '../../src/plans/calendar.ts';
import type { Period } from '../../src/plans/limit-spec.ts';
import { parseLimit } from '../../src/plans/parse-limits.ts';

const PERIODS: readonly Period[] = ['minute', 'hour', 'day', 'week', 'month', 'year'];
/** Zones with half-hour and quarter-hour offsets, missing midnights and skipped days. */
const ODD_ZONES = [
  'UTC',
  'Africa/Cairo',
  'America/Asuncion',
  'America/Havana',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
];
const SPREAD = Intl.supportedValuesOf('timeZone').filter((_, index) => index % 8 === 0);
const ZONES = [...new Set([...ODD_ZONES, ...SPREAD])];
const FIRST_MS = Date.parse('1995-01-01');
const LAST_MS = Date.parse('2045-01-01');
const NOMINAL_MS = {
  minute: 6e4,
  hour: 36e5,
  day: 864e5,
  week: 7 * 864e5,
  month: 31 * 864e5,
  year: 366 * 864e5,
};

const iso = (atMs: number) => new Date(atMs).toISOString();
const ruleAt = (spec: object, at: string, claims = {}) =>
  parseLimit(spec, 'limit').ruleFor({ id: 'ada', claims }, Date.parse(at)) as CalendarRule;
/** The window that a store with the same clock picks, and the next one. */
function windowsAt(spec: object, at: string, claims = {}): readonly [Window, Window] {
  const picked = (when: string) => {
    const [first, second] = ruleAt(spec, when, claims).windows;
    return Date.parse(when) < first.endMs ? first : second;
  };
  const window = picked(at);
  return [window, picked(iso(window.endMs))];
}
const startsAt = (spec: object, at: string, claims = {}) =>
  windowsAt(spec, at, claims).map(({ startMs }) => iso(startMs));

function clockChanges(zone: string, count: number): number[] {
  const changes: number[] = [];
  let at = Temporal.Instant.from('2009-01-01T00:00:00Z').toZonedDateTimeISO(zone);
  while (changes.length < count) {
    const next = at.getTimeZoneTransition('next');
    if (next === null) break;
    changes.push(next.epochMilliseconds);
    at = next;
  }
  return changes;
}

describe('Calendar windows', () => {
  it('Windows cover time without gaps or overlaps in every zone, period and anchor', () => {
    expect(ZONES.length).toBeGreaterThanOrEqual(50);
    const anchor = fc.option(
      fc.date({ min: new Date(FIRST_MS), max: new Date(LAST_MS), noInvalidDate: true }),
      { nil: undefined },
    );
    const instant = fc.integer({ min: FIRST_MS, max: LAST_MS });
    const property = fc.property(
      fc.constantFrom(...ZONES),
      fc.constantFrom(...PERIODS),
      fc.tuple(anchor, fc.boolean()),
      instant,
      (zone, period, [date, isDateOnly], nowMs) => {
        const text = isDateOnly ? date?.toISOString().slice(0, 10) : date?.toISOString();
        const parsed = text === undefined ? undefined : parseAnchor(text, zone);
        expect(parsed === undefined).toBe(text === undefined);
        const windowAt = calendarWindows(period, zone, parsed);
        const window = windowAt(nowMs);
        expect(window.startMs).toBeLessThanOrEqual(nowMs);
        expect(window.endMs).toBeGreaterThan(nowMs);
        expect(windowAt(window.startMs)).toEqual(window);
        expect(windowAt(window.endMs - 1)).toEqual(window);
        expect(windowAt(window.startMs - 1).endMs).toBe(window.startMs);
        expect(windowAt(window.endMs).startMs).toBe(window.endMs);
        expect(window.endMs - window.startMs).toBeLessThanOrEqual(NOMINAL_MS[period] + 48 * 36e5);
      },
    );
    fc.assert(property, { numRuns: 1_500 });
  });

  it('Windows cover every quarter of an hour around each clock change', () => {
    for (const zone of ODD_ZONES) {
      for (const changeMs of clockChanges(zone, 6)) {
        for (const period of ['minute', 'hour', 'day'] as const) {
          const windowAt = calendarWindows(period, zone);
          for (let quarter = -8; quarter <= 8; quarter += 1) {
            const window = windowAt(changeMs + quarter * 15 * 6e4);
            expect(windowAt(window.startMs - 1).endMs, zone).toBe(window.startMs);
            expect(windowAt(window.endMs).startMs, zone).toBe(window.endMs);
          }
        }
      }
    }
  });

  it('Windows begin at local midnight, on Monday, on the first of the month or of the year', () => {
    const at = '2026-11-23T14:30:00Z';
    expect(startsAt({ usd: 1, per: 'week' }, at)[0]).toBe('2026-11-23T00:00:00.000Z');
    expect(startsAt({ usd: 1, per: 'month' }, at)[0]).toBe('2026-11-01T00:00:00.000Z');
    expect(startsAt({ usd: 1, per: 'year' }, at)[0]).toBe('2026-01-01T00:00:00.000Z');
    const tokyo = { usd: 1, per: 'day', timeZone: 'Asia/Tokyo' };
    expect(startsAt(tokyo, '2026-11-23T15:00:00Z')[0]).toBe('2026-11-23T15:00:00.000Z');
    const kolkata = { usd: 1, per: 'hour', timeZone: 'Asia/Kolkata' };
    expect(startsAt(kolkata, at)[0]).toBe('2026-11-23T14:30:00.000Z');
  });

  it('Clocks that differ by less than half a period count in the window of the store', () => {
    const spec = { usd: 1, per: 'day', timeZone: 'Europe/Berlin' };
    const property = fc.property(
      fc.integer({ min: FIRST_MS, max: LAST_MS }),
      // The shortest day of the zone has 23 hours.
      fc.integer({ min: -11.5 * 36e5, max: 11.5 * 36e5 - 1 }),
      (nowMs, aheadMs) => {
        const [first, second] = ruleAt(spec, iso(nowMs + aheadMs)).windows;
        const picked = nowMs < first.endMs ? first : second;
        expect(picked).toEqual(windowsAt(spec, iso(nowMs))[0]);
        expect(second.startMs).toBe(first.endMs);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('Days with a clock change last 23 and 25 hours', () => {
    const berlin = { usd: 1, per: 'day', timeZone: 'Europe/Berlin' };
    const hours = (at: string) => {
      const [{ startMs, endMs }] = windowsAt(berlin, at);
      return (endMs - startMs) / 36e5;
    };
    expect(hours('2026-03-29T12:00:00Z')).toBe(23);
    expect(hours('2026-10-25T12:00:00Z')).toBe(25);
    expect(hours('2026-11-25T12:00:00Z')).toBe(24);
  });

  it('Windows of a billing day count from the anchor, so a short month does not shorten the next', () => {
    const starts = (at: string) =>
      startsAt({ usd: 1, per: 'month', anchor: '2026-01-31' }, at).map((start) =>
        start.slice(0, 10),
      );
    expect(starts('2026-02-01T00:00:00Z')).toEqual(['2026-01-31', '2026-02-28']);
    expect(starts('2026-03-01T00:00:00Z')).toEqual(['2026-02-28', '2026-03-31']);
    expect(starts('2026-04-30T00:00:00Z')).toEqual(['2026-04-30', '2026-05-31']);
    expect(starts('2028-02-29T00:00:00Z')).toEqual(['2028-02-29', '2028-03-31']);
    expect(starts('2025-12-31T00:00:00Z')).toEqual(['2025-12-31', '2026-01-31']);
  });

  it('A yearly anchor on a leap day falls on February 28 in other years', () => {
    const spec = { usd: 1, per: 'year', anchor: '2024-02-29' };
    expect(startsAt(spec, '2026-06-01T00:00:00Z')[0]).toBe('2026-02-28T00:00:00.000Z');
    expect(startsAt(spec, '2028-06-01T00:00:00Z')[0]).toBe('2028-02-29T00:00:00.000Z');
  });

  it('An anchor with a time keeps its time of day in the zone of the limit', () => {
    const spec = {
      usd: 1,
      per: 'month',
      anchor: '2026-01-15T09:30:00Z',
      timeZone: 'Europe/Berlin',
    };
    expect(startsAt(spec, '2026-07-20T00:00:00Z')[0]).toBe('2026-07-15T08:30:00.000Z');
  });
});

describe('An anchor per user', () => {
  const anchor = (user: { claims?: Readonly<Record<string, unknown>> }) =>
    user.claims?.['since'] as string | undefined;
  const spec = { usd: 1, per: 'month', anchor };
  const at = '2026-11-23T14:30:00Z';

  it('An anchor per user starts the periods of that user only', () => {
    expect(startsAt(spec, at, { since: '2026-01-20' })[0]).toBe('2026-11-20T00:00:00.000Z');
    expect(startsAt(spec, at, { since: '2026-01-25' })[0]).toBe('2026-10-25T00:00:00.000Z');
  });

  it('A user without an anchor has the plain calendar', () => {
    expect(startsAt(spec, at, { since: undefined })).toEqual([
      '2026-11-01T00:00:00.000Z',
      '2026-12-01T00:00:00.000Z',
    ]);
  });

  it.each([5, '', 'soon', '2026-02-31', {}, Number.NaN, 'x'.repeat(1_000)])(
    'An anchor that is not a date (%s) is an error, and not the plain calendar',
    (since) => {
      expect(() => startsAt(spec, at, { since })).toThrow(/^"limit.anchor" returned/);
    },
  );

  it('Users with the same anchor get the same rule object while its window lasts', () => {
    const limit = parseLimit(spec, 'limit');
    const rule = (id: string, since: string) =>
      limit.ruleFor({ id, claims: { since } }, Date.parse(at));
    expect(rule('ada', '2026-01-20')).toBe(rule('bob', '2026-01-20'));
    expect(rule('ada', '2026-01-20')).not.toBe(rule('ada', '2026-01-21'));
  });
});
