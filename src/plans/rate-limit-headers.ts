import { microUsdOf } from '../base/money.ts';
import type { HeaderList } from '../core/response.ts';
import { isMoney, type LimitableUnit } from '../ledger/amounts.ts';
import type { Balance } from '../ledger/ledger.ts';
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
};

const policies = new WeakMap<readonly Limit[], string>();

/** Returns `RateLimit-Policy` and `RateLimit` for the caller's own limits, never for shared ones. */
export function rateLimitHeaders(status: LimitStatus, nowMs: number): HeaderList {
  const { ownLimits } = status.accounts;
  if (ownLimits.length === 0) return {};
  let policy = policies.get(ownLimits);
  if (policy === undefined) {
    policy = ownLimits.map(policyItem).join(', ');
    policies.set(ownLimits, policy);
  }
  return { 'ratelimit-policy': policy, ratelimit: describeOwn(status, statusItem, nowMs) };
}

function policyItem({ name, unit, amount, windowSeconds }: Limit): string {
  const window = windowSeconds === undefined ? '' : `;w=${windowSeconds}`;
  return `"${name}";q=${shown(unit, amount)}${window}${UNIT_PARAMETER[unit]}`;
}

function statusItem(limit: Limit, balance: Balance, nowMs: number): string {
  const { resetsAtMs } = balance;
  const remaining = shown(limit.unit, balance.remaining);
  if (resetsAtMs === undefined) return `"${limit.name}";r=${remaining}`;
  const seconds = Math.max(0, Math.ceil((resetsAtMs - nowMs) / 1000));
  return `"${limit.name}";r=${remaining};t=${seconds}`;
}

/** The largest integer of a structured field (RFC 9651 §3.3.1). */
const INTEGER_MAX = 999_999_999_999_999;

function shown(unit: LimitableUnit, amount: number): number {
  const counted = isMoney(unit) ? microUsdOf(amount) : amount;
  return Math.min(INTEGER_MAX, Math.floor(counted));
}
