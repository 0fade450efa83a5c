import type { Ledger } from '../ledger/ledger.ts';
import { admissionCases } from './ledger-conformance/admission.ts';
import {
  type Case,
  type SettableClock,
  START_MS,
  settableClock,
} from './ledger-conformance/case.ts';
import { recordCases } from './ledger-conformance/records.ts';
import { resolutionCases } from './ledger-conformance/resolution.ts';
import { timeCases } from './ledger-conformance/time.ts';

export type { SettableClock } from './ledger-conformance/case.ts';

/** The two functions of a test runner that the suite uses; those of vitest, jest and node:test fit. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: ((title: string, body: () => Promise<void>) => unknown) & {
    skip(title: string, body: () => Promise<void>): unknown;
  };
}

export interface LedgerUnderTest {
  /** Empty: nothing that another test did may be seen in it. */
  readonly ledger: Ledger;
  /** Called at the end of each test, after `ledger.close()`. */
  cleanUp?(): Promise<void>;
}

export interface LedgerCapabilities {
  /** Whether the ledger takes its time from the given clock alone; default true. Without it all cases
   * that pass time are shown as skipped, and nothing is known of them. */
  readonly settableClock?: boolean;
}

/**
 * Registers the tests that every ledger must pass, one fresh ledger for each. `factory` is given the
 * clock that the ledger has to read instead of its own.
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
  const groups = { admissionCases, resolutionCases, timeCases, recordCases };
  for (const [title, cases] of Object.entries(TITLES)) {
    runner.describe(title, () => groups[cases].forEach(register));
  }
}

const TITLES = {
  'a ledger admits all or nothing': 'admissionCases',
  'a ledger ends each hold once': 'resolutionCases',
  'a ledger counts by its own clock': 'timeCases',
  'a ledger keeps records': 'recordCases',
} as const;

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
