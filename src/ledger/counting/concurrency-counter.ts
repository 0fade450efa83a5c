import type { ConcurrencyRule } from '../ledger.ts';
import { Counter } from './counter.ts';

/** One number: what is held. Nothing is used up, and time alone frees nothing. */
export class ConcurrencyCounter extends Counter<ConcurrencyRule> {
  constructor(rule: ConcurrencyRule) {
    super(rule, 1, 0);
  }

  used(): number {
    return 0;
  }

  open(): number {
    return 0;
  }

  add(numbers: number[]): number[] {
    return numbers;
  }

  forgive(): void {}

  fallsToAtMs(): undefined {
    return undefined;
  }

  idleFromMs(): number {
    return 0;
  }
}
