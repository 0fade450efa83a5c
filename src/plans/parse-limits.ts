import { unitName } from '../ledger/amounts.ts';
import type { Rule } from '../ledger/ledger.ts';
import { SINGLE_USE_NAME } from './accounts.ts';
import { calendarRule, type RuleFinder } from './calendar-rule.ts';
import { callFilter, filterSuffix, refuseUnknownModels } from './call-filter.ts';
import { withCredits } from './credit-limit.ts';
import type { Limit } from './limit.ts';
import { refuseClashes } from './limit-clashes.ts';
import { type LimitFields, limitFields } from './limit-fields.ts';
import type { LimitSpec } from './limit-spec.ts';
import type { ModelList } from './model-list.ts';
import { AnchorLookups } from './user-anchors.ts';
import { EVER, isPeriod, windowMsOf } from './window-length.ts';

const LIMITS_MAX = 64;
const ROLLING_MS_MIN = 100;

/**
 * Parses a list of limits of one plan, user or group, with the credits that they spill into. Throws a `TypeError`
 * that names the field that is wrong. Two limits with one name are also an error.
 */
export function parseLimits(
  specs: unknown,
  path: string,
  lookups?: AnchorLookups,
): readonly Limit[] {
  if (!Array.isArray(specs) || specs.length > LIMITS_MAX) {
    throw new TypeError(`"${path}" must be a list of at most ${LIMITS_MAX} limits`);
  }
  const limits = withCredits(
    specs.map((spec, index) => parseLimit(spec, `${path}[${index}]`, lookups)),
  );
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
  refuseClashes(fields, path);
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
    filter: callFilter(fields),
    warnAt: fields.warnAt && [...new Set(fields.warnAt)].sort((a, b) => a - b),
    spills: fields.spills,
    ...ruleOf(fields, windowMs, path, lookups),
  };
}

function defaultName(fields: LimitFields): string {
  const { unit, per } = fields;
  const window = per === undefined ? '' : `-${per}`;
  return unitName(unit) + window + filterSuffix(fields);
}

function ruleOf(
  fields: LimitFields,
  windowMs: number | undefined,
  path: string,
  lookups: AnchorLookups,
): RuleFinder {
  const { unit, amount, per, burst, onFailure, spills } = fields;
  const base = {
    key: keyOf(fields),
    unit,
    amount,
    ...(onFailure && { onFailure }),
    ...(fields.enforce ? {} : { shadow: true as const }),
  };
  const spilling = { ...base, ...(spills && { spills }) };
  const isCalendar = per !== undefined && isPeriod(per) && burst === undefined;
  if (isCalendar) return calendarRule(spilling, per, fields, path, lookups);
  if (per === EVER) return always({ kind: 'balance', ...base });
  if (windowMs === undefined) return always({ kind: 'concurrent', ...base });
  if (burst !== undefined) return always({ kind: 'rate', ...base, periodMs: windowMs, burst });
  if (windowMs >= ROLLING_MS_MIN) return always({ kind: 'rolling', ...spilling, windowMs });
  throw new TypeError(`"${path}.per" must be at least ${ROLLING_MS_MIN}ms`);
}

const always = (rule: Rule): RuleFinder => ({ ruleFor: () => rule });

/** The same in every plan and for every amount, so that what was used stays used when the plan changes. */
function keyOf(fields: LimitFields): string {
  const { unit, per, burst, name } = fields;
  const written = unitName(unit);
  if (name !== undefined) return `${written}:${name}`;
  const window = per === undefined ? '' : `/${per}`;
  return written + window + (burst === undefined ? '' : '~rate') + filterSuffix(fields);
}

/**
 * Parses limits of a token or an address. They have no credits, and a window that ends: their counters are many,
 * and must not stay in the store for ever.
 */
export function parsePassingLimits(
  specs: unknown,
  path: string,
  lookups?: AnchorLookups,
): readonly Limit[] {
  const limits = withoutCredits(parseLimits(specs, path, lookups), path);
  const place = limits.findIndex(({ per }) => per === EVER);
  if (place < 0) return limits;
  throw new TypeError(`"${path}[${place}].per" must be a window that ends here, such as "90d"`);
}

/** Returns these limits. `TypeError` if one of them takes from credits, which only users and groups have. */
export function withoutCredits(limits: readonly Limit[], path: string): readonly Limit[] {
  const place = limits.findIndex(({ spills }) => spills);
  if (place < 0) return limits;
  throw new TypeError(
    `"${path}[${place}].then" must not be set here: only users and groups have credits`,
  );
}

/** Returns a parser that also refuses a limit of a model that no list of `models` allows. */
export const limitsAllowing =
  (models: readonly ModelList[]) =>
  (specs: unknown, path: string): readonly Limit[] => {
    const limits = parseLimits(specs, path);
    refuseUnknownModels(limits, models, path);
    return limits;
  };

/** Returns limits that a store can keep as they are. Throws a `TypeError` for a wrong field or a function. */
export function storableLimits(
  limits: readonly unknown[],
  path: string,
  parse = parseLimits,
): readonly LimitSpec[] {
  parse(limits, path);
  const specs = limits as readonly LimitSpec[];
  refuseFunctions(specs, path, 'it is kept in the store');
  return specs;
}

/** Throws a `TypeError` for a function as an `anchor`, and says why there can be none. */
export function refuseFunctions(specs: readonly LimitSpec[], path: string, why: string): void {
  const index = specs.findIndex(({ anchor }) => typeof anchor === 'function');
  if (index < 0) return;
  throw new TypeError(`"${path}[${index}].anchor" must be a date here, and no function: ${why}`);
}
