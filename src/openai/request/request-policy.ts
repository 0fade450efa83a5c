import type { Allowances } from './allowances.ts';

/** What a plan lets each request do. */
export interface RequestPolicy {
  /** Tokens of one answer, reasoning included; ≥ 1. */
  readonly maxOutputTokens: number;
  /** The largest `n` and `best_of`; ≥ 1. */
  readonly maxChoices: number;
  readonly allow: Allowances;
}
