import type { ConcurrencyRule } from '../ledger.ts';
import type { Counter, Row } from './counter.ts';

/** Slots are only ever held: nothing is used up, and time alone frees none. */
export class ConcurrencyCounter implements Counter {
  readonly width = 1;
  readonly heldAt = 0;
  readonly rule: ConcurrencyRule;
  readonly capacity: number;

  constructor(rule: ConcurrencyRule) {
    this.rule = rule;
    this.capacity = rule.amount;
  }

  used(): number {
    return 0;
  }

  open(): number {
    return 0;
  }

  add(row: Row): Row {
    return row;
  }

  forgive(): void {}

  fallsToAtMs(): undefined {
    return undefined;
  }

  idleFromMs(): number {
    return 0;
  }
}
