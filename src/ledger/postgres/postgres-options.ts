import * as z from 'zod';
import { clockSchema } from '../../base/clock.ts';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import type { PostgresListener } from './listen.ts';
import { DEFAULT_SCHEMA } from './schema.ts';

const HOUR_MS = 3_600_000;
const waitMs = z
  .number()
  .refine((ms) => ms > 0 && ms <= 60_000, 'must be milliseconds above 0 and at most 60,000');

const postgresLedgerShape = {
  /** Where all tables and functions are.
   * @default 'guarded_completion' */
  schema: z.string().default(DEFAULT_SCHEMA),
  /** Makes or updates the schema at the first use. With false, a schema that is missing or too old
   * throws `LedgerError`: see `postgresSchemaSql`.
   * @default true */
  migrate: z.boolean().default(true),
  /** How long a verb waits for Postgres before it throws `LedgerError`. At least 5 s in the ledger's
   * first 5 s, or until its first 100 writes are done.
   * @default 250 */
  deadlineMs: waitMs.default(250),
  /** How often changes by other processes are queried, while there is a listener.
   * @default 400 */
  pollMs: waitMs.default(400),
  /**
   * A connection that is notified of such changes at once, to Postgres itself: a connected Client of
   * `pg`, which stays yours, or a client of `postgres`. Without it, `pool` if that is a client of
   * `postgres`. Without any, and while it is not connected, changes are polled.
   */
  listenWith: z.custom<PostgresListener>().optional(),
  /** How long ended ids are remembered, at least one hour.
   * @default 3_600_000 (1 h) */
  retentionMs: z
    .number()
    .transform((ms) => Math.max(HOUR_MS, ms))
    .prefault(HOUR_MS),
  /** Called with the error of work that no caller waits for (deleting what is over), once for each
   * outage. Without it, a process warning with the code `GUARD_POSTGRES_SWEEP`. */
  onError: callback<(error: unknown) => void>().optional(),
  /** For tests. Without it, the time of Postgres, which is the same for all processes. */
  clock: clockSchema.optional(),
};

/** The options of `postgresLedger`. */
export interface PostgresLedgerOptions
  extends RequiredOptions<typeof postgresLedgerShape>,
    OptionalOptions<typeof postgresLedgerShape> {}

export type PostgresSettings = ParsedOptions<typeof postgresLedgerShape>;

export const postgresOptions: z.ZodType<PostgresSettings, PostgresLedgerOptions> =
  optionsSchema(postgresLedgerShape);
