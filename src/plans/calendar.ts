import { Instant, PlainDate, type PlainTime } from '../base/temporal.ts';
import type { Window } from '../ledger/ledger.ts';
import type { Period } from './limit-spec.ts';

/** Returns the window at an instant. The windows of one such function cover all time without gap
 * or overlap. */
export type WindowAt = (nowMs: number) => Window;

/** Where a series of periods starts: a date, and a time of day unless it is the start of that day. */
interface Anchor {
  readonly date: PlainDate;
  readonly time?: PlainTime;
}

const EXACT_MS: Partial<Record<Period, number>> = { minute: 60_000, hour: 3_600_000 };
const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;

/** Returns the zone in the spelling of the time-zone database; `undefined` if there is no zone of
 * that name. */
export function normalizeTimeZone(timeZone: string): string | undefined {
  try {
    const epoch = Instant.fromEpochMilliseconds(0);
    const { timeZoneId } = epoch.toZonedDateTimeISO(timeZone);
    return timeZoneId.toLowerCase() === timeZone.toLowerCase() ? timeZoneId : undefined;
  } catch {
    return undefined;
  }
}

/** Reads an ISO date (its midnight in `timeZone`) or instant. Returns `undefined` if it is
 * neither. */
export function parseAnchor(text: string, timeZone: string): Anchor | undefined {
  try {
    if (DATE_ONLY.test(text)) return { date: PlainDate.from(text) };
    const anchored = Instant.from(text).toZonedDateTimeISO(timeZone);
    return { date: anchored.toPlainDate(), time: anchored.toPlainTime() };
  } catch {
    return undefined;
  }
}

/**
 * Returns calendar windows in one zone. With an anchor, window n starts at anchor + n periods,
 * always counted from the anchor itself, so that January 31 is followed by February 28 and then by
 * March 31.
 */
export function calendarWindows(period: Period, timeZone: string, anchor?: Anchor): WindowAt {
  const exactMs = EXACT_MS[period];
  if (exactMs === undefined) return datedWindows(period, timeZone, anchor ?? origin(period));
  if (anchor !== undefined) return evenWindows(exactMs, instantOf(anchor.date, anchor, timeZone));
  return slicedDays(exactMs, datedWindows('day', timeZone, origin('day')));
}

/** A Monday for weeks; a first of January for all other periods. */
function origin(period: Period): Anchor {
  return { date: PlainDate.from(period === 'week' ? '1970-01-05' : '1970-01-01') };
}

function datedWindows(period: Period, timeZone: string, anchor: Anchor): WindowAt {
  const unit = `${period}s` as 'days' | 'weeks' | 'months' | 'years';
  const boundary = (n: number) => instantOf(anchor.date.add({ [unit]: n }), anchor, timeZone);
  return (nowMs) => {
    const now = Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
    let n = anchor.date.until(now.toPlainDate(), { largestUnit: unit })[unit];
    // The local date alone is off by one before the anchor, or where clocks cross midnight.
    while (boundary(n) > nowMs) n -= 1;
    while (boundary(n + 1) <= nowMs) n += 1;
    return { startMs: boundary(n), endMs: boundary(n + 1) };
  };
}

/** Midnight if there is no time; the zone's first instant of a day without a midnight. */
function instantOf(date: PlainDate, { time }: Anchor, timeZone: string): number {
  const zoned = time && { timeZone, plainTime: time };
  const start = zoned ? date.toZonedDateTime(zoned) : date.toZonedDateTime(timeZone);
  return start.epochMilliseconds;
}

function evenWindows(lengthMs: number, anchorMs: number): WindowAt {
  return (nowMs) => {
    const startMs = anchorMs + Math.floor((nowMs - anchorMs) / lengthMs) * lengthMs;
    return { startMs, endMs: startMs + lengthMs };
  };
}

/** Hours and minutes are counted from local midnight. If a day ends early, so does its last one. */
function slicedDays(lengthMs: number, dayAt: WindowAt): WindowAt {
  return (nowMs) => {
    const day = dayAt(nowMs);
    const { startMs, endMs } = evenWindows(lengthMs, day.startMs)(nowMs);
    return { startMs, endMs: Math.min(endMs, day.endMs) };
  };
}
