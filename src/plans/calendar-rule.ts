import { LRUCache } from 'lru-cache';
import type { CalendarRule, Window } from '../ledger/ledger.ts';
import { anchorText } from './anchor-text.ts';
import { calendarWindows, normalizeTimeZone, parseAnchor, type WindowAt } from './calendar.ts';
import type { Limit } from './limit.ts';
import type { LimitFields } from './limit-fields.ts';
import type { Period } from './limit-spec.ts';
import { type AnchorLookups, UserAnchors } from './user-anchors.ts';

type RuleAt = (nowMs: number) => CalendarRule;
/** A calendar rule without its windows. */
type Windowless = Omit<CalendarRule, 'kind' | 'windows'>;

const CACHED_ANCHORS_MAX = 10_000;

/** How the rule of a limit is found. */
export type RuleFinder = Pick<Limit, 'ruleFor' | 'lookUp'>;

/** Returns the rule of a calendar limit. If a user's anchor is `undefined`, the plain calendar applies to them. */
export function calendarRule(
  windowless: Windowless,
  period: Period,
  { timeZone: zone = 'UTC', anchor }: Pick<LimitFields, 'timeZone' | 'anchor'>,
  path: string,
  lookups: AnchorLookups,
): RuleFinder {
  const timeZone = normalizeTimeZone(zone);
  if (timeZone === undefined) {
    throw new TypeError(`"${path}.timeZone" must be an IANA time zone like "Europe/Berlin"`);
  }
  const { key } = windowless;
  const base = { ...windowless, key: timeZone === 'UTC' ? key : `${key}@${timeZone}` };
  const plain = whileItLasts(base, calendarWindows(period, timeZone));
  if (anchor === undefined) return { ruleFor: (_user, nowMs) => plain(nowMs) };
  const anchored = (text: string): RuleAt | undefined => {
    const parsed = parseAnchor(text, timeZone);
    return parsed && whileItLasts(base, calendarWindows(period, timeZone, parsed));
  };
  if (typeof anchor === 'function') {
    const isGood = (text: string) => parseAnchor(text, timeZone) !== undefined;
    const anchors = new UserAnchors(anchor, `${path}.anchor`, isGood, lookups);
    return perUser(anchors, anchored, plain);
  }
  const fixed = anchored(anchorText(anchor) ?? '');
  if (fixed !== undefined) return { ruleFor: (_user, nowMs) => fixed(nowMs) };
  throw new TypeError(
    `"${path}.anchor" must be a Date, an ISO date like "2026-01-31", or an instant`,
  );
}

function perUser(
  anchors: UserAnchors,
  anchored: (text: string) => RuleAt | undefined,
  plain: RuleAt,
): RuleFinder {
  const rules = new LRUCache<string, RuleAt>({ max: CACHED_ANCHORS_MAX });
  return {
    lookUp: (user, nowMs) => anchors.lookUp(user, nowMs),
    ruleFor: (user, nowMs) => {
      const text = anchors.textFor(user);
      if (text === undefined) return plain(nowMs);
      let rule = rules.get(text);
      if (rule === undefined) {
        rule = anchored(text) ?? plain;
        rules.set(text, rule);
      }
      return rule(nowMs);
    },
  };
}

/**
 * A rule has two windows: the current one and the nearer of its neighbours; the store's clock picks one.
 * So clocks that differ by less than half a period count in the same window. A new rule is made only when
 * that pair changes, because calendars are slow and this runs on every call.
 */
function whileItLasts(base: Windowless, windowAt: WindowAt): RuleAt {
  let rule: CalendarRule | undefined;
  let lasting: Window = { startMs: 0, endMs: 0 };
  return (nowMs) => {
    if (rule !== undefined && isIn(lasting, nowMs)) return rule;
    const window = windowAt(nowMs);
    const { startMs, endMs } = window;
    const middleMs = startMs + Math.floor((endMs - startMs) / 2);
    const isEarly = nowMs < middleMs;
    lasting = isEarly ? { startMs, endMs: middleMs } : { startMs: middleMs, endMs };
    const windows = isEarly
      ? ([windowAt(startMs - 1), window] as const)
      : ([window, windowAt(endMs)] as const);
    rule = { kind: 'calendar', ...base, windows };
    return rule;
  };
}

const isIn = ({ startMs, endMs }: Window, nowMs: number): boolean =>
  startMs <= nowMs && nowMs < endMs;
