import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import {
  type Amounts,
  amountsBy,
  type CountedUnitName,
  isCounted,
  isLimitable,
  unitName,
  writtenAmount,
} from '../ledger/amounts.ts';

const whole = z.int().min(0).optional();

const grantShape = {
  /** Calls. */
  requests: whole,
  /** Input and output tokens together. */
  tokens: whole,
  /** Input tokens, cached ones included. */
  inputTokens: whole,
  /** Output tokens, reasoning included. */
  outputTokens: whole,
  /** Money in US dollars, at most 1,000,000. */
  usd: z.number().min(0).max(1_000_000).optional(),
  /** Images that are made. */
  images: whole,
  /** Seconds of audio. */
  seconds: whole,
} satisfies Readonly<Record<CountedUnitName, z.ZodType>>;

/** What is given on top, by unit (`{ requests: 5, usd: 0.5 }`). It counts in every limit of the user with
 * that unit. */
export interface Grant
  extends RequiredOptions<typeof grantShape>,
    OptionalOptions<typeof grantShape> {}

const blockShape = {
  /** Why, 1 to 500 characters. The user sees it. */
  reason: z.string().min(1).max(500),
  /** When the block ends. Without it, the block stays. */
  until: z.date('must be a Date').optional(),
};

/** Why a user is blocked, and until when. */
export interface BlockSpec
  extends RequiredOptions<typeof blockShape>,
    OptionalOptions<typeof blockShape> {}

const setPlanShape = {
  /** When the plan ends, and `planOf` decides again. Without it, the plan stays. */
  until: z.date('must be a Date').optional(),
  /** When the plan was decided. Without it, now. A plan with a later `asOf` stays. */
  asOf: z.date('must be a Date').optional(),
};

/** From when until when a plan counts. */
export interface SetPlanOptions
  extends RequiredOptions<typeof setPlanShape>,
    OptionalOptions<typeof setPlanShape> {}

const grants = optionsSchema(grantShape);
export const blockSpec = optionsSchema(blockShape);
export const setPlanOptions = optionsSchema(setPlanShape);

/** The amounts of a grant. `TypeError` names the field that is wrong. */
export function grantAmounts(grant: Grant): Amounts {
  const given = parseOrThrow(grants, grant, 'users.grant');
  return amountsBy((unit) =>
    isCounted(unit) && isLimitable(unit) ? writtenAmount(unit, given[unitName(unit)] ?? 0) : 0,
  );
}
