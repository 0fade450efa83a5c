import { durationMs } from '../base/duration.ts';
import type { Period } from './limit-spec.ts';

/** The window that never ends. */
export const EVER = 'ever';
const DAY_MS = 86_400_000;
const WINDOW_MS_MAX = 3_660 * DAY_MS;
/** The length of a period where it is not a calendar window: in a rate, and in headers. */
const NOMINAL_MS: Readonly<Record<Period, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
  year: 365 * DAY_MS,
};

const WINDOWS = `must be a duration like "90s", "15m", "24h" or "7d", a calendar period ("${Object.keys(NOMINAL_MS).join('", "')}"), or "ever"`;

export const isPeriod = (per: string): per is Period => Object.hasOwn(NOMINAL_MS, per);

/** Returns the length of a window; `undefined` if it never ends. `TypeError` for what is no window. */
export function windowMsOf(per: string, path: string): number | undefined {
  if (per === EVER) return undefined;
  if (isPeriod(per)) return NOMINAL_MS[per];
  const windowMs = durationMs(per);
  if (windowMs === undefined) throw new TypeError(`"${path}" ${WINDOWS}`);
  if (windowMs <= WINDOW_MS_MAX) return windowMs;
  throw new TypeError(`"${path}" must be at most 10 years`);
}
