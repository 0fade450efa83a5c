import * as z from 'zod';
import { clockSchema, systemClock } from '../../base/clock.ts';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';

const HOUR_MS = 3_600_000;

const bound = z.custom<number>(
  (value) => typeof value === 'number' && value >= 0,
  'must be a number of at least 0',
);

const memoryLedgerShape = {
  /** Accounts of users and tokens, at most. When that many have something used or held, new ones share
   * one quota.
   * @default 1_000_000 */
  maxAccounts: bound.default(1_000_000),
  /** Records that have not expired, at most. A write beyond that throws `LedgerError`.
   * @default 1_000_000 */
  maxRecords: bound.default(1_000_000),
  /** Holds at once, at most. A reserve beyond that throws `LedgerError`.
   * @default 100_000 */
  maxLeases: bound.default(100_000),
  /**
   * Finished ids that are remembered. Within one process no reply is lost, so an id comes again soon or
   * never. Beyond that, or after `retentionMs`, the oldest are forgotten: to settle, release or renew
   * one of them has no effect and returns `unknown`.
   * @default 1_000
   */
  maxTombstones: bound.default(1_000),
  /** How long finished ids are remembered, unless too many come.
   * @default 3_600_000 (1 h) */
  retentionMs: bound.default(HOUR_MS),
  /** Tells the time, for tests.
   * @default systemClock */
  clock: clockSchema.default(() => systemClock),
};

/** The bounds of a memory ledger. */
export interface MemoryLedgerOptions
  extends RequiredOptions<typeof memoryLedgerShape>,
    OptionalOptions<typeof memoryLedgerShape> {}

export type MemorySettings = ParsedOptions<typeof memoryLedgerShape>;

export const memoryOptions: z.ZodType<MemorySettings, MemoryLedgerOptions> =
  optionsSchema(memoryLedgerShape);
