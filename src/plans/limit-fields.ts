import * as z from 'zod';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import {
  isLimitable,
  isMoney,
  type LimitableUnit,
  UNITS,
  unitName,
  writtenAmount,
} from '../ledger/amounts.ts';
import type { OnFailure } from '../ledger/ledger.ts';
import {
  amountShape,
  everyLimitShape,
  type LimitAnchor,
  usdBurst,
  windowShape,
} from './limit-spec.ts';

/** The fields of one limit option, each checked on its own. Amounts are in `unit`. */
export interface LimitFields {
  readonly unit: LimitableUnit;
  readonly amount: number;
  readonly per?: string | undefined;
  readonly burst?: number | undefined;
  readonly timeZone?: string | undefined;
  readonly anchor?: string | Date | LimitAnchor | undefined;
  readonly name?: string | undefined;
  readonly onFailure?: OnFailure | undefined;
  /** False for a shadow limit. */
  readonly enforce: boolean;
  readonly models?: readonly string[] | undefined;
  readonly endpoints?: readonly string[] | undefined;
  readonly warnAt?: readonly number[] | undefined;
  /** What does not fit is taken from credits. */
  readonly spills?: true | undefined;
}

function shapeOf(unit: LimitableUnit) {
  const key = unitName(unit);
  const amount = { [key]: amountShape[key] };
  if (unit === 'concurrent') return z.strictObject({ ...amount, ...everyLimitShape });
  const burst = isMoney(unit) ? usdBurst : windowShape.burst;
  return z.strictObject({ ...amount, ...windowShape, burst });
}

const limitable = UNITS.filter(isLimitable);
const shapes = new Map(limitable.map((unit) => [unit, shapeOf(unit)]));

type Parsed = Omit<LimitFields, 'unit' | 'amount' | 'onFailure' | 'enforce' | 'spills'> & {
  readonly [field: string]: unknown;
  readonly onLedgerFailure?: OnFailure | undefined;
  readonly enforce?: boolean | undefined;
  readonly then?: 'credits' | undefined;
};

/** Reads the fields of one limit option. The `TypeError` names the field that is wrong, below `path`. */
export function limitFields(spec: unknown, path: string): LimitFields {
  const unit = unitOf(spec, path);
  if (unit === 'concurrent') refuseWindowFields(Object(spec), path);
  const parsed = parseOrThrow(shapes.get(unit) as z.ZodType<Parsed>, spec, path);
  const { per, burst, timeZone, anchor, name, onLedgerFailure: onFailure } = parsed;
  const { enforce = true, models, endpoints, warnAt, then } = parsed;
  return {
    enforce,
    models,
    endpoints,
    warnAt,
    ...(then === 'credits' && { spills: true }),
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

function refuseWindowFields(spec: Readonly<Record<string, unknown>>, path: string): void {
  const field = ['warnAt', 'then'].find((name) => spec[name] !== undefined);
  if (field === undefined) return;
  throw new TypeError(`"${path}.${field}" needs a window, and "concurrent" has none`);
}

function unitOf(spec: unknown, path: string): LimitableUnit {
  const given = typeof spec === 'object' && spec !== null ? spec : {};
  const [unit, ...others] = limitable.filter((candidate) => unitName(candidate) in given);
  if (unit !== undefined && others.length === 0) return unit;
  throw new TypeError(
    `"${path}" must have exactly one of "${limitable.map(unitName).join('", "')}"`,
  );
}
