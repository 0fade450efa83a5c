import { type BrokenLimit, type Denial, type DenialCode, deny } from '../core/denial.ts';
import { isMoney, shownAmount, unitName } from '../ledger/amounts.ts';
import type { NotGranted } from '../ledger/ledger.ts';
import { type Accounts, type AppliedLimit, SINGLE_USE_NAME } from './accounts.ts';
import { type LimitStatus, type LimitViolation, limitViolations } from './limit-status.ts';

/** The code of the limit that lasts longest is reported: a spent budget rather than a busy second. */
const LASTING: readonly DenialCode[] = [
  'invalid_credential',
  'budget_exceeded',
  'quota_exceeded',
  'rate_limit_exceeded',
  'too_many_concurrent',
];

interface ExplainedViolation {
  readonly code: DenialCode;
  readonly shown: BrokenLimit;
}

/** A denial by limits. It can show the state of the caller's own limits. */
export interface LimitDenial extends Denial {
  readonly limitStatus?: LimitStatus;
}

/**
 * Returns which limits a call broke and when it fits again. The caller's own limits come first. If only
 * shared limits are in the way, none of their figures are shown.
 */
export function explainDenial(
  decision: NotGranted,
  accounts: Accounts,
  nowMs: number,
): LimitDenial {
  const violations = limitViolations(accounts, decision);
  const own = violations.filter(({ claim }) => claim.scope === 'own');
  if (own.length === 0) return serviceDenial(violations, nowMs);
  const explained = own.map(explain).sort((a, b) => placeOf(a) - placeOf(b));
  const [worst] = explained;
  if (worst === undefined) throw new TypeError('A ledger denied a reserve without a violation.');
  if (worst.code === 'invalid_credential') return deny(worst.code, 'The user token was used up.');
  const resetsAtMs = latest(own);
  const denial = deny(worst.code, sentence(worst, resetsAtMs), {
    limits: explained.map(({ shown }) => shown),
    ...(resetsAtMs !== undefined && { resetsAtMs }),
    ...(own.every(mayClearAtAnyMoment) && { shouldRetry: true }),
  });
  return { ...denial, limitStatus: { accounts, balances: decision.balances } };
}

const placeOf = ({ code }: ExplainedViolation): number => LASTING.indexOf(code);

function explain({ claim, balance, violation }: LimitViolation): ExplainedViolation {
  const { name, unit, amount } = claim.limit;
  const { fitsAtMs, hard } = violation;
  const shown = {
    name,
    unit: unitName(unit),
    limit: shownAmount(unit, amount),
    remaining: shownAmount(unit, balance.remaining),
    hard,
    ...(fitsAtMs !== undefined && { fitsAtMs }),
  };
  return { code: codeOf(claim), shown };
}

function codeOf({ limit, rule }: AppliedLimit): DenialCode {
  if (limit.name === SINGLE_USE_NAME) return 'invalid_credential';
  if (rule.kind === 'concurrent') return 'too_many_concurrent';
  if (rule.kind === 'rate') return 'rate_limit_exceeded';
  return isMoney(limit.unit) ? 'budget_exceeded' : 'quota_exceeded';
}

/** Tokens and money that calls in flight only hold mostly come back; a held request never does. */
function mayClearAtAnyMoment({ claim, violation }: LimitViolation): boolean {
  return !violation.hard && claim.limit.unit !== 'requests';
}

function latest(violations: readonly LimitViolation[]): number | undefined {
  const times = violations.map(({ violation }) => violation.fitsAtMs);
  if (times.some((time) => time === undefined)) return undefined;
  return Math.max(...times.map((time) => time ?? 0));
}

/** LangChain and others recognise "out of quota, do not repeat" by these words (read 2026-11). */
function sentence({ code, shown }: ExplainedViolation, resetsAtMs: number | undefined): string {
  const when =
    resetsAtMs === undefined ? '' : ` It fits again at ${new Date(resetsAtMs).toISOString()}.`;
  const left = `Limit "${shown.name}": ${shown.limit} ${shown.unit}, ${shown.remaining} left.`;
  if (code === 'too_many_concurrent') return `Too many calls at once. ${left}`;
  if (code === 'rate_limit_exceeded') return `Too many calls in a short time. ${left}${when}`;
  const held = shown.hard ? '' : ' Calls in flight hold the rest.';
  return `You exceeded your current quota. ${left}${held}${when}`;
}

function serviceDenial(violations: readonly LimitViolation[], nowMs: number): Denial {
  const resetsAtMs = latest(violations);
  const soon = resetsAtMs !== undefined && resetsAtMs - nowMs <= 60_000;
  return deny('service_budget_exceeded', 'The service has used up its own budget. Try later.', {
    ...(soon && { resetsAtMs, shouldRetry: true }),
  });
}
