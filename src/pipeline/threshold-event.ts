import type { ThresholdEvent } from '../core/limit-events.ts';
import { shownAmount, unitName } from '../ledger/amounts.ts';
import type { CalendarRule, Rule } from '../ledger/ledger.ts';
import type { AppliedLimit } from '../plans/accounts.ts';
import { groupOf } from '../plans/shadow-limits.ts';
import { hashOf } from './once-per-window.ts';
import type { Authorized } from './states.ts';

const HOUR_MS = 3_600_000;
const BALANCE_MS = 400 * 24 * HOUR_MS;

/** A fraction of a limit that was reached. */
export interface Reached {
  readonly claim: AppliedLimit;
  readonly fraction: number;
  /** In the unit of the rule. */
  readonly used: number;
  readonly resetsAtMs: number | undefined;
  readonly call: Pick<Authorized, 'identity'>;
}

/** The window in which a fraction was reached. */
export interface ReachedWindow {
  /** The end of a calendar window; empty for the others, which have no name. */
  readonly name: string;
  /** The same for a repeat, but for a rare one of a rolling window. */
  readonly number: number;
  /** Until when the same fraction is not told again. */
  readonly untilMs: number;
}

/** A rolling window is told again one window later, and a balance, which has none, after 400 days. */
export function windowOf(rule: Rule, resetsAtMs: number | undefined, nowMs: number): ReachedWindow {
  if (rule.kind === 'calendar') {
    const endMs = calendarWindow(rule, resetsAtMs, nowMs).endMs;
    // Calls that began in this window may end in the next one.
    return { name: String(endMs), number: 0, untilMs: Math.max(endMs, nowMs) + HOUR_MS };
  }
  const windowMs = rule.kind === 'rolling' ? rule.windowMs : BALANCE_MS;
  return { name: '', number: Math.floor(nowMs / windowMs), untilMs: nowMs + windowMs };
}

/** Names a fraction of a limit in a window. */
export function keyOf(
  { account, rule }: AppliedLimit,
  fraction: number,
  { name }: ReachedWindow,
): string {
  return `${account}\n${rule.key}\n${rule.amount}\n${fraction}\n${name}`;
}

/** Returns the event. `key` names what was reached. */
export function thresholdEvent(
  { claim, fraction, used, resetsAtMs, call }: Reached,
  key: string,
  window: ReachedWindow,
  nowMs: number,
): ThresholdEvent {
  const { account, level, limit, rule } = claim;
  const { name, unit } = limit;
  const isOwn = level === 'token' || level === 'user';
  return {
    id: hashOf(`${key}\n${window.number}`),
    level,
    userId: isOwn ? call.identity.user.id : undefined,
    tokenId: level === 'token' ? account.slice('token:'.length) : undefined,
    group: groupOf(claim),
    limit: name,
    unit: unitName(unit),
    fraction,
    used: shownAmount(unit, used),
    amount: shownAmount(unit, rule.amount),
    resetsAtMs,
    burnRate: burnRateOf(rule, used, resetsAtMs, nowMs),
  };
}

function burnRateOf(
  rule: Rule,
  used: number,
  resetsAtMs: number | undefined,
  nowMs: number,
): number | undefined {
  if (rule.kind !== 'calendar' || rule.amount === 0) return undefined;
  const { startMs, endMs } = calendarWindow(rule, resetsAtMs, nowMs);
  const over = Math.min(1, Math.max(1, nowMs - startMs) / (endMs - startMs));
  return used / rule.amount / over;
}

function calendarWindow({ windows }: CalendarRule, resetsAtMs: number | undefined, nowMs: number) {
  const [first, second] = windows;
  const isFirst = resetsAtMs === undefined ? nowMs < first.endMs : resetsAtMs === first.endMs;
  return isFirst ? first : second;
}
