import type { Ledger } from '../ledger/ledger.ts';
import { admissionCases } from './ledger-conformance/admission.ts';
import { balanceCases } from './ledger-conformance/balances.ts';
import {
  type Case,
  type SettableClock,
  START_MS,
  settableClock,
} from './ledger-conformance/case.ts';
import { creditDenialCases } from './ledger-conformance/credit-denials.ts';
import { creditCases } from './ledger-conformance/credits.ts';
import { levelCases } from './ledger-conformance/levels.ts';
import { recordCases } from './ledger-conformance/records.ts';
import { resolutionCases } from './ledger-conformance/resolution.ts';
import { shadowCases } from './ledger-conformance/shadow.ts';
import { timeCases } from './ledger-conformance/time.ts';
import { upstreamCases } from './ledger-conformance/upstream.ts';

export type { SettableClock } from './ledger-conformance/case.ts';

/**
 * The two functions of a test runner that the suite needs. Those of vitest, jest and node:test fit.
 */
export interface TestRunner {
  /** Groups tests. */
  readonly describe: (title: string, body: () => void) => unknown;
  /** Registers one test. */
  readonly it: ((title: string, body: () => Promise<void>) => unknown) & {
    skip(title: string, body: () => Promise<void>): unknown;
  };
}

/** A ledger for one test. */
export interface LedgerUnderTest {
  /** An empty ledger: no change made by another test may be visible in it. */
  readonly ledger: Ledger;
  /** Called at the end of each test, after `ledger.close()`. */
  cleanUp?(): Promise<void>;
}

/** The abilities of the ledger under test. */
export interface LedgerCapabilities {
  /**
   * Whether the given clock is the only time source of the ledger. Default true. If false, all
   * cases that move the clock are skipped, and their guarantees remain untested.
   */
  readonly settableClock?: boolean;
}

/**
 * Registers the tests that every ledger must pass, with a new ledger for each test. The ledger must
 * read the `clock` that `factory` receives instead of its own.
 *
 * @example
 * ```ts
 * import { memoryLedger } from 'guarded-completion';
 * import { describe, it } from 'vitest';
 *
 * describe('my ledger', () => {
 *   ledgerConformance({ describe, it }, async ({ clock }) => ({ ledger: memoryLedger({ clock }) }));
 * });
 * ```
 */
export function ledgerConformance(
  runner: TestRunner,
  factory: (options: { readonly clock: SettableClock }) => Promise<LedgerUnderTest>,
  { settableClock: canSetClock = true }: LedgerCapabilities = {},
): void {
  const register = (testCase: Case) => {
    if (testCase.movesClock && !canSetClock) {
      const title = `${testCase.title} (skipped: the clock of this store cannot be set)`;
      runner.it.skip(title, async () => {});
    } else {
      runner.it(testCase.title, () => runCase(testCase, factory));
    }
  };
  for (const [title, cases] of Object.entries(GROUPS)) {
    runner.describe(title, () => cases.forEach(register));
  }
}

const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  'Ledger admission': admissionCases,
  'Ledger holds': resolutionCases,
  'Ledger time': timeCases,
  'Ledger rates of an upstream': upstreamCases,
  'Ledger balances': balanceCases,
  'Ledger levels': levelCases,
  'Ledger shadow rules': shadowCases,
  'Ledger credits': [...creditCases, ...creditDenialCases],
  'Ledger records': recordCases,
};

async function runCase(
  { run }: Case,
  factory: Parameters<typeof ledgerConformance>[1],
): Promise<void> {
  const clock = settableClock(START_MS);
  const { ledger, cleanUp } = await factory({ clock });
  try {
    await run({ ledger, clock });
  } finally {
    await ledger.close();
    await cleanUp?.();
  }
}
