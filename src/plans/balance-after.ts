import { type Amounts, amountIn, type Unit } from '../ledger/amounts.ts';
import { Account } from '../ledger/counting/account.ts';
import { counterFor } from '../ledger/counting/counter-for.ts';
import { keepsRequests } from '../ledger/counting/rate-counter.ts';
import type { Balance, Rule } from '../ledger/ledger.ts';

/** The hold of a call whose balances are shown, as they were when it was taken. */
export interface ShownHold {
  readonly held: Amounts;
  readonly heldAtMs: number;
  /** What the call was charged. `undefined` while that is not known: its answer still passes. */
  readonly used: Amounts | undefined;
  /** It is released, but its request stays taken from rates. */
  readonly keepsRates: boolean;
}

/** Units of which a call takes all that it holds: one request, and its place until it has ended. */
const isTakenWhole = (unit: Unit): boolean => unit === 'requests' || unit === 'concurrent';

/** What a running call holds and may give back; 0 where it takes all of it, or where the charge is known. */
export function openHold({ unit }: Rule, { held, used }: ShownHold): number {
  return used !== undefined || isTakenWhole(unit) ? 0 : amountIn(held, unit);
}

/** What is left after the charge; while that is not known, what is left if the call uses nothing more. */
export function remainingAfter(rule: Rule, balance: Balance, hold: ShownHold): number {
  return Math.max(0, balance.remaining + freedBy(rule, hold));
}

function freedBy(rule: Rule, hold: ShownHold): number {
  const { held, used, keepsRates } = hold;
  if (used === undefined) return openHold(rule, hold);
  if (keepsRates && keepsRequests(rule)) return 0;
  return amountIn(held, rule.unit) - amountIn(used, rule.unit);
}

/** When time alone makes more room, after the charge. A hold ends by itself, so it waits for no time. */
export function resetsAfter(rule: Rule, balance: Balance, hold: ShownHold): number | undefined {
  const { used, heldAtMs } = hold;
  if (used === undefined || rule.kind === 'concurrent') return balance.resetsAtMs;
  // Rates charge a hold at once. The other kinds charge what was used, in the end.
  const charged = rule.kind === 'rate' ? -freedBy(rule, hold) : amountIn(used, rule.unit);
  if (balance.used + charged <= 0) return undefined;
  return balance.resetsAtMs ?? resetOfFirst(rule, heldAtMs, charged);
}

/** When a first usage no longer counts. */
function resetOfFirst(rule: Rule, atMs: number, amount: number): number | undefined {
  if (rule.amount === 0) return undefined;
  const counter = counterFor(rule);
  const account = new Account();
  const at = account.add(counter);
  const window = counter.open(account.numbers, at, atMs);
  const numbers = counter.add(account.numbers, at, window, amount, atMs);
  return counter.fallsToAtMs(numbers, at, 0, atMs);
}
