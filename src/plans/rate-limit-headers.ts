import { microUsdOf } from '../base/money.ts';
import type { HeaderList } from '../core/response.ts';
import { isMoney, type LimitableUnit } from '../ledger/amounts.ts';
import type { Balance } from '../ledger/ledger.ts';
import type { AppliedLimit } from './accounts.ts';
import { openHold, remainingAfter, resetsAfter, type ShownHold } from './balance-after.ts';
import type { Limit } from './limit.ts';
import { describeOwn, type LimitStatus } from './limit-status.ts';

/**
 * The draft's registry has requests (the default) and concurrent requests, but no tokens or money
 * (draft-ietf-httpapi-ratelimit-headers-10, read 2026-11). Those have a parameter of our own.
 */
const UNIT_PARAMETER: Readonly<Record<LimitableUnit, string>> = {
  requests: '',
  concurrent: ';qu="concurrent-requests"',
  tokens: ';guard-unit="tokens"',
  inputTokens: ';guard-unit="input-tokens"',
  outputTokens: ';guard-unit="output-tokens"',
  nanoUsd: ';guard-unit="micro-usd"',
  images: ';guard-unit="images"',
  seconds: ';guard-unit="seconds"',
};

const policies = new WeakMap<readonly Limit[], string>();

/**
 * Returns `RateLimit-Policy` and `RateLimit` for the caller's own limits that are enforced, never for shared ones.
 * With the `hold` of a call: what is left after its charge, or what it still holds beside what is left.
 */
export function rateLimitHeaders(status: LimitStatus, nowMs: number, hold?: ShownHold): HeaderList {
  const { ownLimits } = status.accounts;
  if (ownLimits.length === 0) return {};
  let policy = policies.get(ownLimits);
  if (policy === undefined) {
    policy = ownLimits.filter(hasQuota).map(policyItem).join(', ');
    policies.set(ownLimits, policy);
  }
  if (policy === '') return {};
  return { 'ratelimit-policy': policy, ratelimit: describeOwn(status, statusItem, nowMs, hold) };
}

/** Credits have no quota of their own: `RateLimit` alone shows them. */
const hasQuota = ({ enforced, isCredit }: Limit): boolean => enforced && !isCredit;

function policyItem({ name, unit, amount, burst, windowSeconds }: Limit): string {
  const window = windowSeconds === undefined ? '' : `;w=${windowSeconds}`;
  const atOnce = burst === undefined ? '' : `;guard-burst=${shown(unit, burst)}`;
  return `"${name}";q=${shown(unit, amount)}${window}${UNIT_PARAMETER[unit]}${atOnce}`;
}

function statusItem(
  { limit, rule }: AppliedLimit,
  balance: Balance,
  nowMs: number,
  hold?: ShownHold,
): string {
  const { name, unit } = limit;
  if (hold === undefined) return item(name, shown(unit, balance.remaining), balance, nowMs, '');
  const remaining = shown(unit, remainingAfter(rule, balance, hold));
  const open = openHold(rule, hold);
  const parameter = open === 0 ? '' : `;guard-held=${shownAtMost(unit, open)}`;
  const resetsAtMs = resetsAfter(rule, balance, hold);
  return item(name, remaining, { resetsAtMs }, nowMs, parameter);
}

function item(
  name: string,
  remaining: number,
  { resetsAtMs }: Pick<Balance, 'resetsAtMs'>,
  nowMs: number,
  parameter: string,
): string {
  const shownItem = `"${name}";r=${remaining}`;
  if (resetsAtMs === undefined) return shownItem + parameter;
  const seconds = Math.max(0, Math.ceil((resetsAtMs - nowMs) / 1000));
  return `${shownItem};t=${seconds}${parameter}`;
}

/** The largest integer of a structured field (RFC 9651 §3.3.1). */
const INTEGER_MAX = 999_999_999_999_999;

/** Rounded down: never more than what is left. */
const shown = (unit: LimitableUnit, amount: number): number =>
  Math.min(INTEGER_MAX, Math.floor(counted(unit, amount)));

/** Rounded up: never less than what is held. */
const shownAtMost = (unit: LimitableUnit, amount: number): number =>
  Math.min(INTEGER_MAX, Math.ceil(counted(unit, amount)));

const counted = (unit: LimitableUnit, amount: number): number =>
  isMoney(unit) ? microUsdOf(amount) : amount;
