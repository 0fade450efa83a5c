import type { BalanceRule } from '../ledger.ts';
import { Counter, type Numbers, numberAt, saturate } from './counter.ts';

const USED = 0;
const HELD = 1;

/** Two numbers: what was used, below zero after a credit, and what is held. Time alone frees nothing. */
export class BalanceCounter extends Counter<BalanceRule> {
  constructor(rule: BalanceRule) {
    super(rule, 2, HELD);
  }

  override get deniesAll(): boolean {
    return false;
  }

  used(numbers: Numbers, at: number): number {
    return numberAt(numbers, at + USED);
  }

  open(): number {
    return 0;
  }

  add(numbers: number[], at: number, _window: number, amount: number): number[] {
    numbers[at + USED] = saturate(numberAt(numbers, at + USED) + amount);
    return numbers;
  }

  forgive(numbers: number[], at: number): void {
    numbers[at + USED] = Math.min(0, numberAt(numbers, at + USED));
  }

  fallsToAtMs(): undefined {
    return undefined;
  }

  /** A balance never ends. */
  idleFromMs(): number {
    return Number.MAX_SAFE_INTEGER;
  }
}
