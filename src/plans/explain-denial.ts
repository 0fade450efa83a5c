import { type BrokenLimit, type Denial, type DenialCode, deny } from '../core/denial.ts';
import { type Amounts, amountIn, isMoney, type Unit } from '../ledger/amounts.ts';
import type { NotGranted } from '../ledger/ledger.ts';
import { type Accounts, type AppliedLimit, SINGLE_USE_NAME } from './accounts.ts';
import { type LimitStatus, type LimitViolation, limitViolations } from './limit-status.ts';
import { shownViolation } from './shown-violation.ts';

/** The code of the limit that lasts longest is reported: a spent budget rather than a busy second. */
const LASTING: readonly DenialCode[] = [
  'invalid_credential',
  'call_exceeds_limit',
  'budget_exceeded',
  'quota_exceeded',
  'rate_limit_exceeded',
  'too_many_concurrent',
];

/** What a denied call needs. */
export interface Need {
  /** The most that it may use, as closely as it is known. */
  readonly most: Amounts;
  /** Whether it could be held in a limit with this much left. */
  fitsInto(unit: Unit, remaining: number): boolean;
  /** What the client of a call that is too large can do. */
  readonly advice: string;
}

/** The need of something that cannot be too large for a limit. */
export const needOf = (most: Amounts): Need => ({
  most,
  fitsInto: () => true,
  advice: '',
});

interface ExplainedViolation {
  readonly code: DenialCode;
  readonly shown: BrokenLimit;
  /** The window of the limit, as it was written. */
  readonly per: string | undefined;
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
  need: Need,
): LimitDenial {
  const violations = stillBroken(limitViolations(accounts, decision), need);
  const own = violations.filter(({ claim }) => claim.scope === 'own');
  if (own.length === 0) return serviceDenial(violations, nowMs);
  const explained = own
    .map((broken) => explain(broken, need))
    .sort((a, b) => placeOf(a) - placeOf(b));
  const [worst] = explained;
  if (worst === undefined) throw new TypeError('A ledger denied a reserve without a violation.');
  if (worst.code === 'invalid_credential') return deny(worst.code, 'The user token was used up.');
  const isTooLarge = worst.code === 'call_exceeds_limit';
  const resetsAtMs = isTooLarge ? undefined : latest(own);
  const message = isTooLarge ? tooLargeSentence(worst, need) : sentence(worst, resetsAtMs);
  const denial = deny(worst.code, message, {
    limits: explained.map(({ shown }) => shown),
    ...(resetsAtMs !== undefined && { resetsAtMs }),
    ...(!isTooLarge && own.every(mayClearAtAnyMoment) && { shouldRetry: true }),
  });
  return { ...denial, limitStatus: { accounts, balances: decision.balances } };
}

const placeOf = ({ code }: ExplainedViolation): number => LASTING.indexOf(code);

/** The bound may have become closer since the ledger decided, so that some limits are kept now. */
function stillBroken(violations: readonly LimitViolation[], { most }: Need): LimitViolation[] {
  const broken = violations.filter(
    ({ claim, balance }) => amountIn(most, claim.rule.unit) > balance.remaining,
  );
  return broken.length === 0 ? [...violations] : broken;
}

function explain(broken: LimitViolation, need: Need): ExplainedViolation {
  const { claim, balance } = broken;
  const { unit, amount, per } = claim.limit;
  const isTooLarge = neverFits(broken, need);
  const limit = isTooLarge ? capacityOf(claim) : amount;
  const shown = shownViolation(broken, limit, amountIn(need.most, unit), balance.remaining);
  return { code: isTooLarge ? 'call_exceeds_limit' : codeOf(claim), shown, per };
}

/** Limits that no call can be too large for: it takes one of them, or the limit is switched off. */
const UNSIZED: ReadonlySet<Unit> = new Set(['requests', 'concurrent']);

/** Whether a call is too large for a limit of which nothing is used. Credit makes more than that fit. */
function neverFits({ claim, balance }: LimitViolation, need: Need): boolean {
  const { unit } = claim.rule;
  const capacity = capacityOf(claim);
  if (UNSIZED.has(unit) || capacity === 0) return false;
  return !need.fitsInto(unit, Math.max(capacity, capacity - balance.used));
}

const capacityOf = ({ rule }: AppliedLimit): number =>
  rule.kind === 'rate' && rule.amount > 0 ? rule.burst : rule.amount;

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
function sentence(broken: ExplainedViolation, resetsAtMs: number | undefined): string {
  const { code, shown } = broken;
  const when =
    resetsAtMs === undefined ? '' : ` It fits again at ${new Date(resetsAtMs).toISOString()}.`;
  const left = `Limit "${shown.name}": ${amountOf(broken)}, ${shown.remaining} left.`;
  if (code === 'too_many_concurrent') return `Too many calls at once. ${left}`;
  if (code === 'rate_limit_exceeded') return `Too many calls in a short time. ${left}${when}`;
  const held = shown.hard ? '' : ' Calls in flight hold the rest.';
  return `You exceeded your current quota. ${left}${held}${when}`;
}

/** A rate without its burst would be a riddle: 60 requests, of which 10 were made, and none is left. */
function amountOf({ shown, per }: ExplainedViolation): string {
  const { limit, unit, burst } = shown;
  return burst === undefined
    ? `${limit} ${unit}`
    : `${limit} ${unit} per ${per}, at most ${burst} at once`;
}

function tooLargeSentence({ shown }: ExplainedViolation, { advice }: Need): string {
  const { name, unit, limit, needed, remaining } = shown;
  return (
    `This call may need up to ${needed} ${unit}. Limit "${name}" allows ${limit}, ` +
    `and ${remaining} are left: the call can never fit.${advice}`
  );
}

function serviceDenial(violations: readonly LimitViolation[], nowMs: number): Denial {
  const resetsAtMs = latest(violations);
  const soon = resetsAtMs !== undefined && resetsAtMs - nowMs <= 60_000;
  return deny('service_budget_exceeded', 'The service has used up its own budget. Try later.', {
    ...(soon && { resetsAtMs, shouldRetry: true }),
  });
}
