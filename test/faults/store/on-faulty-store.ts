import { vi } from 'vitest';
import {
  type Claim,
  type LedgerError,
  memoryLedger,
  type OnFailure,
  type Rule,
} from '../../../src/index.ts';
import { amounts } from '../../../src/ledger/amounts.ts';
import {
  ResilientLedger,
  type ResilientLedgerOptions,
} from '../../../src/ledger/resilient/resilient-ledger.ts';
import { type FaultyStore, faultyStore } from './faulty-store.ts';

export const DEADLINE_MS = 200;
export const LEASE = { durationMs: 90_000, dispatched: false };
export const ONE = amounts({
  requests: 1,
  concurrent: 1,
  tokens: 10,
  inputTokens: 4,
  outputTokens: 6,
  nanoUsd: 1_000,
});

export const quota: Rule = {
  kind: 'rolling',
  key: 'q',
  unit: 'requests',
  amount: 8,
  windowMs: 86_400_000,
};
export const rate: Rule = {
  kind: 'rate',
  key: 'r',
  unit: 'requests',
  amount: 8,
  burst: 8,
  periodMs: 60_000,
};
/** Refills nothing to speak of during a test. */
export const slowRate: Rule = {
  kind: 'rate',
  key: 's',
  unit: 'requests',
  amount: 8,
  burst: 8,
  periodMs: 86_400_000,
};
export const money: Rule = {
  kind: 'rate',
  key: 'm',
  unit: 'nanoUsd',
  amount: 8_000,
  burst: 8_000,
  periodMs: 60_000,
};
export const balance: Rule = { kind: 'balance', key: 'b', unit: 'requests', amount: 8 };
export const shadow = (rule: Rule): Rule => ({ ...rule, shadow: true });
export const spilling: Rule = { ...quota, key: 'p', spills: true };
export const credits: Rule = {
  kind: 'balance',
  key: 'credits',
  unit: 'requests',
  amount: 0,
  isCredit: true,
};
export const concurrent: Rule = { kind: 'concurrent', key: 'c', unit: 'concurrent', amount: 8 };
export const claim = (rule: Rule, onFailure?: OnFailure): Claim => ({
  account: 'user:ada',
  scope: 'own',
  rule: onFailure === undefined ? rule : { ...rule, onFailure },
});

export interface Setting {
  readonly store: FaultyStore;
  readonly ledger: ResilientLedger;
  readonly events: string[];
  readonly errors: unknown[];
  readonly used: (rule?: Rule) => Promise<{ used: number; held: number } | undefined>;
}

export function setUp(options: Partial<ResilientLedgerOptions> = {}): Setting {
  const store = faultyStore(memoryLedger());
  const events: string[] = [];
  const errors: unknown[] = [];
  const ledger = new ResilientLedger(store, {
    deadlineMs: DEADLINE_MS,
    onDegraded: () => events.push('degraded'),
    onRecovered: ({ served, refused }) => events.push(`recovered ${served} ${refused}`),
    onError: (error) => errors.push(error),
    ...options,
  });
  const used = async (rule: Rule = quota) => {
    const [balance] = await store.behind.read([claim(rule)]);
    return balance && { used: balance.used, held: balance.held };
  };
  return { store, ledger, events, errors, used };
}

/** Lets time pass for everything that waits. Afterwards the outcome of promises is known. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

export async function within<T>(
  ms: number,
  pending: Promise<T>,
): Promise<T | 'undecided' | LedgerError> {
  let outcome: T | 'undecided' | LedgerError = 'undecided';
  pending.then(
    (value) => (outcome = value),
    (error: LedgerError) => (outcome = error),
  );
  await pass(ms);
  return outcome;
}
