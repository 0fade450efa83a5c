import { NANO_USD_PER_USD } from '../base/money.ts';
import { type BrokenLimit, type Denial, type DenialCode, deny } from '../core/denial.ts';
import type { NotGranted, Rule, Violation } from '../ledger/ledger.ts';
import { type Accounts, type LimitStatus, SINGLE_USE_NAME } from './accounts.ts';
import type { Limit } from './limit.ts';

/** What ends last is what the user must hear of: a spent budget rather than a busy second. */
const LASTING: readonly DenialCode[] = [
  'invalid_credential',
  'budget_exceeded',
  'quota_exceeded',
  'rate_limit_exceeded',
  'too_many_concurrent',
];

interface Broken {
  readonly code: DenialCode;
  readonly limit: Limit;
  readonly violation: Violation;
  readonly shown: BrokenLimit;
}

/** A denial of the limits, which can show where the caller's own limits stand. */
export interface LimitDenial extends Denial {
  readonly limitStatus?: LimitStatus;
}

/**
 * Says which limits a call broke and when it fits again. The caller's own limits come first; when
 * only everybody's are in the way, no figure of theirs is shown.
 */
export function explainDenial(
  decision: NotGranted,
  accounts: Accounts,
  nowMs: number,
): LimitDenial {
  const own = decision.violations.filter(({ claim }) => claim < accounts.ownLimits.length);
  if (own.length === 0) return serviceDenial(decision.violations, nowMs);
  const broken = own
    .map((violation) => describe(violation, decision, accounts))
    .sort((a, b) => LASTING.indexOf(a.code) - LASTING.indexOf(b.code));
  const [worst] = broken;
  if (worst === undefined) throw new TypeError('A ledger denied a reserve without a violation.');
  if (worst.code === 'invalid_credential') return deny(worst.code, 'The user token was used up.');
  const resetsAtMs = latest(own);
  const denial = deny(worst.code, sentence(worst, resetsAtMs), {
    limits: broken.map(({ shown }) => shown),
    ...(resetsAtMs !== undefined && { resetsAtMs }),
    ...(broken.every(mayClearAtAnyMoment) && { shouldRetry: true }),
  });
  return { ...denial, limitStatus: { limits: accounts.ownLimits, balances: decision.balances } };
}

function describe(violation: Violation, decision: NotGranted, accounts: Accounts): Broken {
  const limit = accounts.limits[violation.claim];
  const rule = accounts.claims[violation.claim]?.rule;
  const balance = decision.balances[violation.claim];
  if (!limit || !rule || !balance) throw new TypeError('A ledger named a claim that was not made.');
  const { fitsAtMs, hard } = violation;
  const shown = {
    name: limit.name,
    unit: limit.unit === 'nanoUsd' ? 'usd' : limit.unit,
    limit: shownAmount(limit.unit, limit.amount),
    remaining: shownAmount(limit.unit, balance.remaining),
    hard,
    ...(fitsAtMs !== undefined && { fitsAtMs }),
  };
  return { code: codeOf(limit, rule), limit, violation, shown };
}

function codeOf(limit: Limit, rule: Rule): DenialCode {
  if (limit.name === SINGLE_USE_NAME) return 'invalid_credential';
  if (rule.kind === 'concurrent') return 'too_many_concurrent';
  if (rule.kind === 'rate') return 'rate_limit_exceeded';
  return limit.unit === 'nanoUsd' ? 'budget_exceeded' : 'quota_exceeded';
}

function shownAmount(unit: Limit['unit'], amount: number): number {
  return unit === 'nanoUsd' ? amount / NANO_USD_PER_USD : amount;
}

/** Tokens and money that calls in flight only hold mostly come back; a held request never does. */
function mayClearAtAnyMoment({ limit, violation }: Broken): boolean {
  return !violation.hard && limit.unit !== 'requests';
}

function latest(violations: readonly Violation[]): number | undefined {
  const times = violations.map(({ fitsAtMs }) => fitsAtMs);
  if (times.some((time) => time === undefined)) return undefined;
  return Math.max(...times.map((time) => time ?? 0));
}

/** LangChain and others tell "out of quota, do not repeat" by these words (read 2026-11). */
function sentence({ code, limit, shown }: Broken, resetsAtMs: number | undefined): string {
  const when =
    resetsAtMs === undefined ? '' : ` It fits again at ${new Date(resetsAtMs).toISOString()}.`;
  const left = `Limit "${limit.name}": ${shown.limit} ${shown.unit}, ${shown.remaining} left.`;
  if (code === 'too_many_concurrent') return `Too many calls at once. ${left}`;
  if (code === 'rate_limit_exceeded') return `Too many calls in a short time. ${left}${when}`;
  const held = shown.hard ? '' : ' Calls in flight hold the rest.';
  return `You exceeded your current quota. ${left}${held}${when}`;
}

function serviceDenial(violations: readonly Violation[], nowMs: number): Denial {
  const resetsAtMs = latest(violations);
  const soon = resetsAtMs !== undefined && resetsAtMs - nowMs <= 60_000;
  return deny('service_budget_exceeded', 'The service has used up its own budget. Try later.', {
    ...(soon && { resetsAtMs, shouldRetry: true }),
  });
}
