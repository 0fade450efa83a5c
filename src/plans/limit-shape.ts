import { z } from 'zod';
import { NANO_USD_PER_USD } from '../base/money.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { Unit } from '../ledger/amounts.ts';
import type { OnFailure } from '../ledger/ledger.ts';
import type { LimitSpec } from './limit.ts';

/** Amounts are counted in doubles; beyond this they would no longer be exact. */
const USD_MAX = Math.floor(Number.MAX_SAFE_INTEGER / NANO_USD_PER_USD);
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
    .refine((usd) => usd === 0 || usd * NANO_USD_PER_USD >= 1, {
      error: 'must be 0 or at least 0.000000001',
    });
const name = z
  .string({ error: 'must be a text' })
  .regex(HEADER_SAFE, { error: 'must be 1 to 64 printable ASCII characters without " and \\' });
const onLedgerFailure = z
  .enum(['deny', 'allow', 'local'], { error: 'must be "deny", "allow" or "local"' })
  .optional();
const windowShape = {
  onLedgerFailure,
  per: z.string({ error: 'must be a duration like "24h" or a period like "day"' }),
  timeZone: z.string({ error: 'must be an IANA time zone like "Europe/Berlin"' }).optional(),
  anchor: z
    .union([z.string(), z.custom<LimitAnchor>((value) => typeof value === 'function')], {
      error: 'must be an ISO date, an instant, or a function that answers one',
    })
    .optional(),
  name: name.optional(),
};
const counted = { ...windowShape, burst: whole(1).optional() };

type LimitAnchor = Extract<Extract<LimitSpec, { per: string }>['anchor'], CallableFunction>;

const shapes = {
  requests: z.strictObject({ requests: whole(0), ...counted }),
  tokens: z.strictObject({ tokens: whole(0), ...counted }),
  inputTokens: z.strictObject({ inputTokens: whole(0), ...counted }),
  outputTokens: z.strictObject({ outputTokens: whole(0), ...counted }),
  usd: z.strictObject({
    usd: dollars(),
    ...windowShape,
    burst: dollars().positive({ error: 'must be more than 0' }).optional(),
  }),
  concurrent: z.strictObject({ concurrent: whole(0), name: name.optional(), onLedgerFailure }),
};

export type SpecUnit = keyof typeof shapes;

/** A limit as written, with each of its fields checked on its own; amounts in the ledger's units. */
export interface ShapedLimit {
  readonly written: SpecUnit;
  readonly unit: Unit;
  readonly amount: number;
  readonly per?: string | undefined;
  readonly burst?: number | undefined;
  readonly timeZone?: string | undefined;
  readonly anchor?: string | LimitAnchor | undefined;
  readonly name?: string | undefined;
  readonly onFailure?: OnFailure | undefined;
}

type Written = { readonly [field: string]: unknown } & Partial<ShapedLimit> & {
    readonly onLedgerFailure?: OnFailure | undefined;
  };

export function shapeLimit(spec: unknown, path: string): ShapedLimit {
  const written = writtenUnit(spec, path);
  const shaped: Written = parseOrThrow(shapes[written], spec, path);
  const counted = Number(shaped[written]);
  const { per, burst, timeZone, anchor, name, onLedgerFailure: onFailure } = shaped;
  const common = { written, per, timeZone, anchor, name, onFailure };
  if (written !== 'usd') return { ...common, unit: written, amount: counted, burst };
  return { ...common, unit: 'nanoUsd', amount: nanoUsd(counted), burst: burst && nanoUsd(burst) };
}

const nanoUsd = (usd: number): number => Math.round(usd * NANO_USD_PER_USD);

function writtenUnit(spec: unknown, path: string): SpecUnit {
  const units = Object.keys(shapes) as SpecUnit[];
  const given = typeof spec === 'object' && spec !== null ? spec : {};
  const [unit, ...others] = units.filter((candidate) => candidate in given);
  if (unit !== undefined && others.length === 0) return unit;
  throw new TypeError(`"${path}" must have exactly one of "${units.join('", "')}"`);
}
