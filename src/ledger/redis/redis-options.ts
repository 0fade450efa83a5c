import * as z from 'zod';
import { clockSchema } from '../../base/clock.ts';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';

const redisLedgerShape = {
  /** Separates what several guards keep in one Redis. All keys of a namespace are in one slot of a
   * Cluster.
   * @default 'guard' */
  namespace: z
    .string()
    .refine((name) => !/[{}]/.test(name), 'must have no braces')
    .default('guard'),
  /** After this time a verb throws `LedgerError`, whatever the client waits for.
   * @default 1_000 */
  deadlineMs: z.number().positive('must be milliseconds above 0').default(1_000),
  /** If true, every verb throws once this process has seen the namespace and it is lost (by a
   * flush, an empty replica, an eviction), instead of starting again at zero.
   * @default false */
  durable: z.boolean().default(false),
  /**
   * `exact`: all keys are in one slot, and every call reads the global limits.
   * `escrow`: experimental, for a Cluster whose load one slot cannot carry. Users are spread over 64
   * slots, and a process leases 0.5 % of the global limits at a time. A limit is never exceeded; at
   * most that part for each other process is rejected too early. Global rates are not leased: each call
   * reads them. Global limits must be of calendar periods, rates, or `concurrent`.
   * @default 'exact'
   */
  globalBudget: z.enum(['exact', 'escrow']).default('exact'),
  /** For tests. Without it, the server's own clock, which decides for all processes. */
  clock: clockSchema.optional(),
};

/** The options of `redisLedger`. */
export interface RedisLedgerOptions
  extends RequiredOptions<typeof redisLedgerShape>,
    OptionalOptions<typeof redisLedgerShape> {}

export type RedisSettings = ParsedOptions<typeof redisLedgerShape>;

export const redisOptions: z.ZodType<RedisSettings, RedisLedgerOptions> =
  optionsSchema(redisLedgerShape);
