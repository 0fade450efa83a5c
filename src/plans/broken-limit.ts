import type { BrokenLimit, DenialCode } from '../core/denial.ts';
import { type Amounts, amountIn, isMoney, type Unit } from '../ledger/amounts.ts';
import { type AppliedLimit, SINGLE_USE_NAME } from './accounts.ts';
import type { LimitViolation } from './limit-status.ts';
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

/** A limit that a call broke, in words and figures. */
export interface ExplainedViolation {
  /** The code of a limit of one user; it says what kind of limit it is. */
  readonly code: DenialCode;
  readonly shown: BrokenLimit;
  /** The window of the limit, as it was written. */
  readonly per: string | undefined;
  readonly claim: AppliedLimit;
}

/** Explains each limit that a call broke. The one that lasts longest comes first. */
export function explainAll(
  violations: readonly LimitViolation[],
  need: Need,
): [ExplainedViolation, ...ExplainedViolation[]] {
  const [worst, ...others] = violations
    .map((broken) => explain(broken, need))
    .sort((a, b) => LASTING.indexOf(a.code) - LASTING.indexOf(b.code));
  if (worst !== undefined) return [worst, ...others];
  throw new TypeError('A ledger denied a reserve without a violation.');
}

function explain(broken: LimitViolation, need: Need): ExplainedViolation {
  const { claim, balance } = broken;
  const { unit, amount, per } = claim.limit;
  const isTooLarge = neverFits(broken, need);
  const limit = isTooLarge ? capacityOf(claim) : amount;
  const shown = {
    ...shownViolation(broken, limit, amountIn(need.most, unit), balance.remaining),
    ...(claim.group && { groupKind: claim.group.kind }),
  };
  return { code: isTooLarge ? 'call_exceeds_limit' : codeOf(claim), shown, per, claim };
}

/** Limits that no call can be too large for: it takes one of them, or the limit is switched off. */
const UNSIZED: ReadonlySet<Unit> = new Set(['requests', 'concurrent']);

/** Whether a call is too large for a limit of which nothing is used. Credit makes more than that fit. */
function neverFits({ claim, balance, credits }: LimitViolation, need: Need): boolean {
  const { unit } = claim.rule;
  const capacity = capacityOf(claim);
  if (UNSIZED.has(unit) || capacity === 0) return false;
  const bought = Math.max(0, -(credits?.used ?? 0));
  return !need.fitsInto(unit, Math.max(capacity, capacity - balance.used) + bought);
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
export function mayClearAtAnyMoment({ claim, violation }: LimitViolation): boolean {
  return !violation.hard && claim.limit.unit !== 'requests';
}

/** When all of these limits fit by time alone; `undefined` if one of them never does. */
export function latest(violations: readonly LimitViolation[]): number | undefined {
  const times = violations.map(({ violation }) => violation.fitsAtMs);
  if (times.some((time) => time === undefined)) return undefined;
  return Math.max(...times.map((time) => time ?? 0));
}

const SOON_MS = 60_000;

export const isSoon = (atMs: number | undefined, nowMs: number): atMs is number =>
  atMs !== undefined && atMs - nowMs <= SOON_MS;

/** `Limit "usd-day": 5 usd, 2 left.` */
export function figures({ shown, per }: ExplainedViolation): string {
  const { name, limit, unit, burst, remaining, credits } = shown;
  // A rate without its burst would be a riddle: 60 requests, of which 10 were made, and none is left.
  const rate = burst === undefined ? '' : ` per ${per}, at most ${burst} at once`;
  const further = credits === undefined ? '' : `, ${credits} credits left`;
  return `Limit "${name}": ${limit} ${unit}${rate}, ${remaining} left${further}.`;
}

export const whenItFits = (atMs: number | undefined): string =>
  atMs === undefined ? '' : ` It fits again at ${new Date(atMs).toISOString()}.`;

export function tooLargeSentence({ shown }: ExplainedViolation, { advice }: Need): string {
  const { name, unit, limit, needed, remaining } = shown;
  return (
    `This call may need up to ${needed} ${unit}. Limit "${name}" allows ${limit}, ` +
    `and ${remaining} are left: the call can never fit.${advice}`
  );
}
