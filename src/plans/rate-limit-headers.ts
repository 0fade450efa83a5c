import type { HeaderList } from '../core/response.ts';
import type { Unit } from '../ledger/amounts.ts';
import type { Balance } from '../ledger/ledger.ts';
import type { Standing } from './accounts.ts';
import type { Limit } from './limit.ts';

const NANO_USD_PER_MICRO_USD = 1_000;

/**
 * The draft's registry knows requests (the default) and concurrent requests, and no tokens or money
 * (draft-ietf-httpapi-ratelimit-headers-10, read 2026-11): those get a parameter of our own.
 */
const UNIT_PARAMETER: Readonly<Record<Unit, string>> = {
  requests: '',
  concurrent: ';qu="concurrent-requests"',
  tokens: ';guard-unit="tokens"',
  inputTokens: ';guard-unit="input-tokens"',
  outputTokens: ';guard-unit="output-tokens"',
  nanoUsd: ';guard-unit="micro-usd"',
};

const policies = new WeakMap<readonly Limit[], string>();

/** `RateLimit-Policy` and `RateLimit` for the caller's own limits; never anybody else's. */
export function rateLimitHeaders({ limits, balances }: Standing, nowMs: number): HeaderList {
  if (limits.length === 0) return {};
  let policy = policies.get(limits);
  if (policy === undefined) {
    policy = limits.map(policyItem).join(', ');
    policies.set(limits, policy);
  }
  let standing = '';
  for (let index = 0; index < limits.length; index += 1) {
    const limit = limits[index];
    const balance = balances[index];
    if (limit === undefined || balance === undefined) continue;
    standing += (index === 0 ? '' : ', ') + standingItem(limit, balance, nowMs);
  }
  return { 'ratelimit-policy': policy, ratelimit: standing };
}

function policyItem(limit: Limit): string {
  const window = limit.windowSeconds === undefined ? '' : `;w=${limit.windowSeconds}`;
  return `"${limit.name}";q=${shown(limit.unit, limit.amount)}${window}${UNIT_PARAMETER[limit.unit]}`;
}

function standingItem(limit: Limit, balance: Balance, nowMs: number): string {
  const { resetsAtMs } = balance;
  const remaining = shown(limit.unit, balance.remaining);
  if (resetsAtMs === undefined) return `"${limit.name}";r=${remaining}`;
  const seconds = Math.max(0, Math.ceil((resetsAtMs - nowMs) / 1000));
  return `"${limit.name}";r=${remaining};t=${seconds}`;
}

/** The largest integer of a structured field (RFC 9651 §3.3.1). */
const INTEGER_MAX = 999_999_999_999_999;

function shown(unit: Unit, amount: number): number {
  const counted = unit === 'nanoUsd' ? amount / NANO_USD_PER_MICRO_USD : amount;
  return Math.min(INTEGER_MAX, Math.floor(counted));
}
