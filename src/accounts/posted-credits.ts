import {
  type Amounts,
  amountIn,
  amountsBy,
  isCounted,
  isLimitable,
  type LimitableUnit,
  NO_AMOUNTS,
  UNITS,
} from '../ledger/amounts.ts';
import type { Balance, Claim, Ledger } from '../ledger/ledger.ts';
import { creditBalance } from '../plans/credit-limit.ts';

/** The account of a user or a group, which can have credits. */
export type CreditAccount = Pick<Claim, 'account' | 'scope'>;

/** Every unit that credits can have. */
export const CREDIT_UNITS: readonly LimitableUnit[] = UNITS.filter(isLimitable).filter(isCounted);

/** Claims on the credits of an account, as plain balances. */
export const creditClaims = (
  { account, scope }: CreditAccount,
  units: readonly LimitableUnit[] = CREDIT_UNITS,
): Claim[] => units.map((unit) => ({ account, scope, rule: creditBalance(unit) }));

/** What credits are posted for, such as one payment. */
export interface Posting {
  readonly to: CreditAccount;
  /** Unique, and the same at every attempt. */
  readonly name: string;
  /** Tells one attempt to give from a later one to give again. */
  readonly turn: number;
}

/** Long enough to post a charge. It holds nothing. */
const LEASE = { durationMs: 60_000, dispatched: false };

/**
 * Makes what a posting has given to an account equal to `target`; below zero it takes. A second counter, which is
 * written with the credits in one step and stays for ever, has what was given, so that a repeat posts nothing twice.
 */
export async function post(posting: Posting, target: Amounts, ledger: Ledger): Promise<void> {
  const { to, name, turn } = posting;
  const markers = creditClaims({ account: `credits:${name}`, scope: 'own' });
  const given = givenBy(markers, await ledger.read(markers));
  const change = amountsBy((unit) => amountIn(target, unit) - amountIn(given, unit));
  const units = CREDIT_UNITS.filter((unit) => amountIn(change, unit) !== 0);
  const [first] = units;
  if (first === undefined) return;
  const claims = [
    ...creditClaims(to, units),
    ...markers.filter(({ rule }) => amountIn(change, rule.unit) !== 0),
  ];
  const id = `credits:${name}:${turn}:${amountIn(given, first)}`;
  if (amountIn(change, first) > 0) {
    await ledger.credit(id, claims, change);
    return;
  }
  await ledger.reserve(id, claims, NO_AMOUNTS, LEASE);
  await ledger.settle(
    id,
    amountsBy((unit) => -amountIn(change, unit)),
  );
}

/** A credit lowers what was used. */
function givenBy(claims: readonly Claim[], balances: readonly Balance[]): Amounts {
  const used = new Map(claims.map(({ rule }, place) => [rule.unit, balances[place]?.used ?? 0]));
  return amountsBy((unit) => -(used.get(unit) ?? 0));
}
