import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import {
  type Amounts,
  amountIn,
  amountsBy,
  type CountedUnitName,
  isCounted,
  isLimitable,
  UNITS,
  unitName,
  writtenAmount,
} from '../ledger/amounts.ts';
import type { Claim, Ledger } from '../ledger/ledger.ts';

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

/** What is given on top, by unit (`{ requests: 5, usd: 0.5 }`). It counts in every limit of the user or
 * group with that unit. */
export interface Grant
  extends RequiredOptions<typeof grantShape>,
    OptionalOptions<typeof grantShape> {}

const grants = optionsSchema(grantShape);

/** The account of a user or a group. */
export interface GrantedAccount {
  readonly claims: readonly Claim[];
  /** Where its limits are from, such as `the plan "free"`. */
  readonly source: string;
}

/** Gives a credit in the current window of each limit. `TypeError` for what no limit counts; `call` is the name of
 * the call that was made. */
export async function grantTo(
  { claims, source }: GrantedAccount,
  grant: Grant,
  ledger: Pick<Ledger, 'credit'>,
  call: string,
): Promise<void> {
  const amounts = grantAmounts(grant, call);
  const counters = claims.filter(isCounter);
  requireCounted(amounts, counters, source, call);
  await ledger.credit(randomUUID(), counters, amounts);
}

const FORGIVE_ALL = amountsBy((unit) => (isCounted(unit) ? Number.POSITIVE_INFINITY : 0));

/** Forgives what was used in the current windows. */
export async function forgiveAll(
  { claims }: GrantedAccount,
  ledger: Pick<Ledger, 'credit'>,
): Promise<void> {
  await ledger.credit(randomUUID(), claims.filter(isCounter), FORGIVE_ALL);
}

const isCounter = ({ rule }: Claim): boolean => rule.kind !== 'concurrent';

function grantAmounts(grant: Grant, call: string): Amounts {
  const given = parseOrThrow(grants, grant, call);
  return amountsBy((unit) =>
    isCounted(unit) && isLimitable(unit) ? writtenAmount(unit, given[unitName(unit)] ?? 0) : 0,
  );
}

/** A credit that no limit counts would change nothing. */
function requireCounted(
  amounts: Amounts,
  counters: readonly Claim[],
  source: string,
  call: string,
): void {
  const counted = [...new Set(counters.map(({ rule }) => rule.unit))];
  for (const unit of UNITS) {
    if (!isLimitable(unit) || amountIn(amounts, unit) === 0 || counted.includes(unit)) continue;
    const known = counted.filter(isLimitable).map(unitName).join(', ') || 'nothing';
    throw new TypeError(
      `"${call}.${unitName(unit)}": no limit of ${source} counts it; its limits count ${known}`,
    );
  }
}
