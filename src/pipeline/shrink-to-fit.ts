import { isMoney } from '../ledger/amounts.ts';
import type { NotGranted } from '../ledger/ledger.ts';
import { boundNanoUsd, boundOf } from '../openai/prices/upper-bound.ts';
import type { Accounts } from '../plans/accounts.ts';
import { type LimitViolation, limitViolations } from '../plans/limit-status.ts';
import type { Authorized } from './states.ts';

/** Below this an answer is mostly cut off, and a clear denial helps the user more. */
const SHRUNK_OUTPUT_TOKENS_MIN = 256;

/**
 * Lowers a call's output cap to what is left, if the cap alone is in its way. Otherwise the last part of a
 * budget, as large as one full answer, could never be used. Returns `undefined` if that does not help.
 */
export function shrinkToFit(
  authorized: Authorized,
  decision: NotGranted,
  accounts: Accounts,
): Authorized | undefined {
  const { endpoint, built, bound, rateCard } = authorized;
  const field = endpoint.outputCap?.field;
  if (field === undefined) return undefined;
  const perChoiceTokens = Number(built.body[field]);
  const choices = built.outputCapTokens / perChoiceTokens;
  const rooms = limitViolations(accounts, decision).map((broken) => outputRoom(authorized, broken));
  const cap = Math.floor(Math.min(perChoiceTokens, ...rooms.map((room) => room / choices)));
  if (!(cap >= SHRUNK_OUTPUT_TOKENS_MIN && cap < perChoiceTokens)) return undefined;
  const body = { ...built.body, [field]: cap };
  const smaller = { ...built, body, outputCapTokens: cap * choices };
  return { ...authorized, built: smaller, bound: boundOf(smaller, rateCard, bound.inputTokens) };
}

/** Returns how many output tokens fit into what is left of one limit; 0 if it does not count output. */
function outputRoom(
  { built, rateCard, bound }: Authorized,
  { claim, balance }: LimitViolation,
): number {
  const { unit } = claim.rule;
  const { remaining } = balance;
  if (unit === 'outputTokens') return remaining;
  if (unit === 'tokens') return remaining - bound.inputTokens;
  if (!isMoney(unit)) return 0;
  // The bound is linear in the output, so the share of the rest is the share of the tokens.
  const inputNanoUsd = boundNanoUsd(built, rateCard, bound.inputTokens, 0);
  const outputNanoUsd = bound.nanoUsd - inputNanoUsd;
  // One less, because both bounds were rounded up.
  return ((remaining - inputNanoUsd - 1) / outputNanoUsd) * bound.outputTokens;
}
