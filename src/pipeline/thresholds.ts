import type { Events } from '../core/events.ts';
import { type Amounts, amountIn } from '../ledger/amounts.ts';
import type { Balance, NotGranted, Rule, Violation } from '../ledger/ledger.ts';
import type { Accounts, AppliedLimit } from '../plans/accounts.ts';
import { resetsAfter } from '../plans/balance-after.ts';
import { limitViolations } from '../plans/limit-status.ts';
import { usageAt, type WarnedLimit } from '../plans/warned-limits.ts';
import { OncePerWindow, type OncePerWindowParts } from './once-per-window.ts';
import type { Admitted, Authorized } from './states.ts';
import { keyOf, type Reached, thresholdEvent, windowOf } from './threshold-event.ts';

export interface ThresholdsParts extends OncePerWindowParts {
  readonly events: Events;
}

/** Less than the time for which a message is taken. */
const LISTENERS_MS_MAX = 50_000;

/**
 * Emits `threshold` when a fraction of a limit is used, once in each window over all processes. What was used when
 * a call was admitted and what it used itself are together never more than what is used now. So nothing is read,
 * and a call that reaches no fraction costs one comparison for each limit with `warnAt`.
 */
export class Thresholds {
  readonly #parts: ThresholdsParts;
  readonly #once: OncePerWindow;

  constructor(parts: ThresholdsParts) {
    this.#parts = parts;
    this.#once = new OncePerWindow(parts);
  }

  /** A call was charged. Returns at once. */
  charged(admitted: Admitted, charge: Amounts): void {
    const { accounts, balances } = admitted.limitStatus;
    for (const warned of accounts.warned) {
      const balance = balances[warned.place];
      if (balance === undefined) continue;
      const used = balance.used + chargeOf(warned, balance, charge);
      const claim = used >= warned.least ? accounts.applied[warned.place] : undefined;
      if (claim === undefined) continue;
      const resetsAtMs = resetOf(claim.rule, balance, admitted, charge);
      const fraction = highestOf(warned, claim.rule, used);
      this.#reached({ claim, fraction, used, resetsAtMs, call: admitted });
    }
  }

  /** A call was denied. A limit that refuses it because it is used up has reached its whole. Returns at once. */
  denied(call: Authorized, decision: NotGranted, accounts: Accounts): void {
    if (accounts.warned.length === 0 || decision.degraded) return;
    for (const { claim, balance, violation } of limitViolations(accounts, decision)) {
      if (!warnsOfWhole(claim) || !isUsedUp(claim.rule, violation)) continue;
      const { used, resetsAtMs } = balance;
      this.#reached({ claim, fraction: 1, used, resetsAtMs, call });
    }
  }

  /** Emits nothing more. Resolves when what was reached is delivered, or after `graceMs`. */
  close(graceMs: number): Promise<void> {
    return this.#once.close(graceMs);
  }

  #reached(reached: Reached): void {
    const { events, clock } = this.#parts;
    if (!events.isHeard('threshold')) return;
    const { claim, fraction, resetsAtMs } = reached;
    const nowMs = clock.nowMs();
    const window = windowOf(claim.rule, resetsAtMs, nowMs);
    const key = keyOf(claim, fraction, window);
    if (this.#once.isKnown(key)) return;
    const { untilMs } = window;
    // A slower call may have seen less. That is no news after this.
    for (const lower of claim.limit.warnAt ?? []) {
      if (lower < fraction) this.#once.silence(keyOf(claim, lower, window), untilMs);
    }
    const event = thresholdEvent(reached, key, window, nowMs);
    const deliver = () => events.deliver('threshold', event, LISTENERS_MS_MAX);
    this.#once.send({ key, untilMs, deliver });
  }
}

/** What a call has taken of a rule. With credits behind it, never more than it held of the rule itself. */
function chargeOf({ unit, spills }: WarnedLimit, { held }: Balance, charge: Amounts): number {
  const charged = amountIn(charge, unit);
  return spills ? Math.min(charged, held) : charged;
}

const highestOf = ({ fractions }: WarnedLimit, rule: Rule, used: number): number =>
  fractions.findLast((fraction) => used >= usageAt(rule, fraction)) ?? 1;

function resetOf(
  rule: Rule,
  balance: Balance,
  { held, inFlight }: Admitted,
  used: Amounts,
): number | undefined {
  const heldAtMs = inFlight.startedAtMs;
  return resetsAfter(rule, balance, { held, heldAtMs, used, keepsRates: false });
}

const warnsOfWhole = ({ limit }: AppliedLimit): boolean => limit.warnAt?.at(-1) === 1;

/** A call that is too large for a limit of which nothing is used says nothing about its use. */
function isUsedUp(rule: Rule, { hard, cost }: Violation): boolean {
  return hard && (rule.kind === 'balance' || cost <= rule.amount);
}
