import { z } from 'zod';
import { isCountableUsd, USD_MAX } from '../base/money.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { isMoney, UNITS, type Unit, unitName, writtenAmount } from '../ledger/amounts.ts';
import type { OnFailure } from '../ledger/ledger.ts';
import type { LimitSpec } from './limit.ts';

type LimitAnchor = Extract<Extract<LimitSpec, { per: string }>['anchor'], CallableFunction>;

/** The fields of one limit option, each checked on its own. Amounts are in `unit`. */
export interface LimitFields {
  readonly unit: Unit;
  readonly amount: number;
  readonly per?: string | undefined;
  readonly burst?: number | undefined;
  readonly timeZone?: string | undefined;
  readonly anchor?: string | LimitAnchor | undefined;
  readonly name?: string | undefined;
  readonly onFailure?: OnFailure | undefined;
}

/** What a structured field string may hold, since names are shown in the `RateLimit` header. */
const HEADER_SAFE = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}$/;

const whole = (least: number) => {
  const error = `must be a whole number from ${least} to ${Number.MAX_SAFE_INTEGER}`;
  return z.int({ error }).min(least, { error });
};
const dollars = (error = `must be a number from 0 to ${USD_MAX}`) =>
  z
    .number({ error })
    .min(0, { error })
    .max(USD_MAX, { error })
    .refine(isCountableUsd, { error: 'must be 0 or at least 0.000000001' });
const everyLimit = {
  name: z
    .string({ error: 'must be a string' })
    .regex(HEADER_SAFE, { error: 'must be 1 to 64 printable ASCII characters without " and \\' })
    .optional(),
  onLedgerFailure: z
    .enum(['deny', 'allow', 'local'], { error: 'must be "deny", "allow" or "local"' })
    .optional(),
};
const withWindow = {
  ...everyLimit,
  per: z.string({ error: 'must be a duration like "24h" or a period like "day"' }),
  timeZone: z.string({ error: 'must be an IANA time zone like "Europe/Berlin"' }).optional(),
  anchor: z
    .union([z.string(), z.custom<LimitAnchor>((value) => typeof value === 'function')], {
      error: 'must be an ISO date, an instant, or a function that returns one',
    })
    .optional(),
};

function shapeOf(unit: Unit) {
  const key = unitName(unit);
  if (unit === 'concurrent') return z.strictObject({ [key]: whole(0), ...everyLimit });
  if (!isMoney(unit)) {
    return z.strictObject({ [key]: whole(0), ...withWindow, burst: whole(1).optional() });
  }
  const burst = dollars().positive({ error: 'must be more than 0' }).optional();
  return z.strictObject({ [key]: dollars(), ...withWindow, burst });
}

const shapes = new Map(UNITS.map((unit) => [unit, shapeOf(unit)]));

type Parsed = Omit<LimitFields, 'unit' | 'amount' | 'onFailure'> & {
  readonly [field: string]: unknown;
  readonly onLedgerFailure?: OnFailure | undefined;
};

/** Reads the fields of one limit option. The `TypeError` names the field that is wrong, below `path`. */
export function limitFields(spec: unknown, path: string): LimitFields {
  const unit = unitOf(spec, path);
  const parsed = parseOrThrow(shapes.get(unit) as z.ZodType<Parsed>, spec, path);
  const { per, burst, timeZone, anchor, name, onLedgerFailure: onFailure } = parsed;
  return {
    unit,
    amount: writtenAmount(unit, Number(parsed[unitName(unit)])),
    per,
    burst: burst && writtenAmount(unit, burst),
    timeZone,
    anchor,
    name,
    onFailure,
  };
}

function unitOf(spec: unknown, path: string): Unit {
  const given = typeof spec === 'object' && spec !== null ? spec : {};
  const [unit, ...others] = UNITS.filter((candidate) => unitName(candidate) in given);
  if (unit !== undefined && others.length === 0) return unit;
  throw new TypeError(`"${path}" must have exactly one of "${UNITS.map(unitName).join('", "')}"`);
}
