import { durationMs } from '../base/duration.ts';
import { unitName } from '../ledger/amounts.ts';
import type { Rule } from '../ledger/ledger.ts';
import { SINGLE_USE_NAME } from './accounts.ts';
import { calendarRule, type RuleFinder } from './calendar-rule.ts';
import type { Limit } from './limit.ts';
import { type LimitFields, limitFields } from './limit-fields.ts';
import type { LimitSpec, Period } from './limit-spec.ts';
import { AnchorLookups } from './user-anchors.ts';

const LIMITS_MAX = 64;
const ROLLING_MS_MIN = 100;
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

/**
 * Parses a list of limits: of one plan, of one token, or global ones. Throws a `TypeError` that names
 * the field that is wrong. Two limits with one name are also an error.
 */
export function parseLimits(
  specs: unknown,
  path: string,
  lookups?: AnchorLookups,
): readonly Limit[] {
  if (!Array.isArray(specs) || specs.length > LIMITS_MAX) {
    throw new TypeError(`"${path}" must be a list of at most ${LIMITS_MAX} limits`);
  }
  const limits = specs.map((spec, index) => parseLimit(spec, `${path}[${index}]`, lookups));
  const names = new Set<string>();
  for (const { name } of limits) {
    if (names.has(name))
      throw new TypeError(`"${path}" has two limits "${name}"; give one a "name"`);
    names.add(name);
  }
  return limits;
}

/** Parses one limit. Throws a `TypeError` that names the field that is wrong, below `path`. */
export function parseLimit(spec: unknown, path: string, lookups = new AnchorLookups()): Limit {
  const fields = limitFields(spec, path);
  const { unit, amount, per, burst, name } = fields;
  if (name === SINGLE_USE_NAME) throw new TypeError(`"${path}.name" is reserved`);
  const windowMs = per === undefined ? undefined : windowMsOf(per, `${path}.per`);
  return {
    name: name ?? defaultName(fields),
    key: keyOf(fields),
    unit,
    amount,
    burst,
    per,
    windowSeconds: windowMs && Math.ceil(windowMs / 1000),
    enforced: fields.enforce,
    warnAt: fields.warnAt && [...fields.warnAt].sort((a, b) => a - b),
    spills: fields.spills,
    ...ruleOf(fields, windowMs, path, lookups),
  };
}

function windowMsOf(per: string, path: string): number {
  if (isPeriod(per)) return NOMINAL_MS[per];
  const windowMs = durationMs(per);
  if (windowMs === undefined) throw new TypeError(`"${path}" ${WINDOWS}`);
  if (windowMs <= WINDOW_MS_MAX) return windowMs;
  throw new TypeError(`"${path}" must be at most 10 years`);
}

const isPeriod = (per: string): per is Period => Object.hasOwn(NOMINAL_MS, per);

function defaultName({ unit, per }: LimitFields): string {
  return per === undefined ? unitName(unit) : `${unitName(unit)}-${per}`;
}

function ruleOf(
  fields: LimitFields,
  windowMs: number | undefined,
  path: string,
  lookups: AnchorLookups,
): RuleFinder {
  const { unit, amount, per, burst, onFailure } = fields;
  const base = {
    key: keyOf(fields),
    unit,
    amount,
    ...(onFailure && { onFailure }),
    ...(fields.enforce ? {} : { shadow: true as const }),
  };
  const isCalendar = per !== undefined && isPeriod(per) && burst === undefined;
  if (isCalendar) return calendarRule(base, per, fields, path, lookups);
  refuseCalendarFields(fields, path);
  if (windowMs === undefined) return always({ kind: 'concurrent', ...base });
  if (burst !== undefined) return always({ kind: 'rate', ...base, periodMs: windowMs, burst });
  if (windowMs >= ROLLING_MS_MIN) return always({ kind: 'rolling', ...base, windowMs });
  throw new TypeError(`"${path}.per" must be at least ${ROLLING_MS_MIN}ms`);
}

const always = (rule: Rule): RuleFinder => ({ ruleFor: () => rule });

/** The same in every plan and for every amount, so that what was used stays used when the plan changes. */
function keyOf({ unit, per, burst, name }: LimitFields): string {
  const written = unitName(unit);
  if (name !== undefined) return `${written}:${name}`;
  if (per === undefined) return written;
  return burst === undefined ? `${written}/${per}` : `${written}/${per}~rate`;
}

function refuseCalendarFields({ timeZone, anchor }: LimitFields, path: string): void {
  const field = timeZone !== undefined ? 'timeZone' : anchor !== undefined ? 'anchor' : undefined;
  if (field === undefined) return;
  throw new TypeError(`"${path}.${field}" needs a calendar period in "per", and no "burst"`);
}

/** Returns limits that a store can keep as they are. Throws a `TypeError` for a wrong field or a function. */
export function storableLimits(limits: readonly unknown[], path: string): readonly LimitSpec[] {
  parseLimits(limits, path);
  const specs = limits as readonly LimitSpec[];
  specs.forEach(({ anchor }, index) => {
    if (typeof anchor !== 'function') return;
    throw new TypeError(
      `"${path}[${index}].anchor" must be a string here: it is kept in the store`,
    );
  });
  return specs;
}
