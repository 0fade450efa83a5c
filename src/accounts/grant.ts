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
import { applyGrant, giveCredits } from './credits.ts';
import type { CreditAccount } from './posted-credits.ts';

const whole = z.int().min(0).optional();
const ID_WRONG = 'must be a string of 1 to 256 characters';
const grantId = z.string(ID_WRONG).min(1, ID_WRONG).max(256, ID_WRONG);

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

const toShape = {
  /** `'limits'`: counts in every limit of the user or group with that unit, in its current window. `'credits'`: never
   * ends, and is used when a limit with `then: 'credits'` is used up, whichever plan has it.
   * @default 'limits' */
  to: z.enum(['limits', 'credits']).optional(),
  /** What it is given for, such as a payment, 1 to 256 characters. A grant with the same id gives nothing more, ever,
   * and `takeBack` takes it back. Only for credits. */
  id: grantId.optional(),
};

const grantOptionsShape = { ...grantShape, ...toShape };

/** What is given on top, by unit (`{ requests: 5, usd: 0.5 }`), and whether to limits or to credits. At least one
 * unit. */
export interface Grant
  extends RequiredOptions<typeof grantOptionsShape>,
    OptionalOptions<typeof grantOptionsShape> {}

const grants = optionsSchema(grantOptionsShape);
export const creditAmounts = optionsSchema(grantShape);

/** The account of a user or a group. */
export interface GrantedAccount extends CreditAccount {
  readonly claims: readonly Claim[];
  /** Where its limits are from, such as `the plan "free"`. */
  readonly source: string;
}

/** Gives in the current window of each limit, or credits. `TypeError` for what no limit counts; `call` is the name
 * of the call that was made. */
export async function grantTo(
  account: GrantedAccount,
  grant: Grant,
  ledger: Ledger,
  call: string,
): Promise<void> {
  const { to = 'limits', id, ...given } = parseOrThrow(grants, grant, call);
  const amounts = grantedAmounts(given, call);
  if (to === 'credits') {
    return id === undefined
      ? giveCredits(account, amounts, ledger)
      : void (await applyGrant(account, id, { amounts, given: true, asOfMs: 0 }, ledger));
  }
  if (id !== undefined) throw new TypeError(`"${call}.id" needs "to: 'credits'"`);
  const counters = account.claims.filter(isCounter);
  requireCounted(amounts, counters, account.source, call);
  await ledger.credit(randomUUID(), counters, amounts);
}

/** Takes back the credits of a grant, once. Returns false if it has none now; then it never gives any again. */
export function takeBackFrom(
  account: CreditAccount,
  id: string,
  ledger: Ledger,
  call: string,
): Promise<boolean> {
  const event = { given: false, asOfMs: Number.MAX_SAFE_INTEGER };
  return applyGrant(account, parseOrThrow(grantId, id, `${call}.id`), event, ledger);
}

const FORGIVE_ALL = amountsBy((unit) => (isCounted(unit) ? Number.POSITIVE_INFINITY : 0));

/** Forgives what was used in the current windows. */
export async function forgiveAll(
  { claims }: GrantedAccount,
  ledger: Pick<Ledger, 'credit'>,
): Promise<void> {
  await ledger.credit(randomUUID(), claims.filter(isCounter), FORGIVE_ALL);
}

/** What is used of credits stays used, and what is left of them stays. */
const isCounter = ({ rule }: Claim): boolean =>
  rule.kind !== 'concurrent' && !(rule.kind === 'balance' && rule.isCredit);

/** Returns written amounts in the units of a ledger. `TypeError` if nothing is given. */
export function grantedAmounts(given: z.output<typeof creditAmounts>, path: string): Amounts {
  const amounts = amountsBy((unit) =>
    isCounted(unit) && isLimitable(unit) ? writtenAmount(unit, given[unitName(unit)] ?? 0) : 0,
  );
  if (UNITS.some((unit) => amountIn(amounts, unit) > 0)) return amounts;
  throw new TypeError(`"${path}" must give something, such as { requests: 100 }`);
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
