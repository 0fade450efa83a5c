import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';

const tokens = z.int().min(0).max(10_000_000);

const sessionShape = {
  /** The kind of session; only `'realtime'` is served. */
  type: z.literal('realtime'),
  /** One of the plan's models. */
  model: z.string().min(1).max(128),
};

/** A session of the Realtime API, as OpenAI takes it. Its other fields are sent as they are. */
export interface RealtimeSession
  extends RequiredOptions<typeof sessionShape>,
    OptionalOptions<typeof sessionShape> {
  readonly [field: string]: unknown;
}

const session: z.ZodType<RealtimeSession, RealtimeSession> = z.looseObject(sessionShape);

const reserveShape = {
  /** The charge for each secret in every `usd` limit; 0 to 1,000. */
  usd: z.number().min(0).max(1_000),
  /** The charge for each secret in every limit of `tokens` and `inputTokens`.
   * @default 0 */
  inputTokens: tokens.default(0),
  /** The charge for each secret in every limit of `tokens` and `outputTokens`.
   * @default 0 */
  outputTokens: tokens.default(0),
};

/** The most that one Realtime secret may cost. */
export interface ReserveSpec
  extends RequiredOptions<typeof reserveShape>,
    OptionalOptions<typeof reserveShape> {}

export interface Reserve extends ParsedOptions<typeof reserveShape> {}

const reserve: z.ZodType<Reserve, ReserveSpec> = optionsSchema(reserveShape);

const realtimeShape = {
  /** Sent to OpenAI as it is; an app cannot choose another one. */
  session,
  /** The charge for one secret in every limit that counts money or tokens, however it is used. */
  reserve,
  /** The longest life of a secret in seconds, and its life where the app names none; 10 to 7,200.
   * @default 60 */
  maxSeconds: z.int().min(10).max(7_200).default(60),
};

/**
 * Secrets with which an app speaks to OpenAI's Realtime API itself. What happens with one after it was
 * made does not pass through the guard: neither tokens nor money can be counted, one secret opens any
 * number of sessions until it ends, and OpenAI lets the app change the session (`openai` package 7.57.0,
 * 2026-11-13). So each is charged `reserve`, however it is used, and lives as short as it can.
 */
export interface RealtimeAllowanceSpec
  extends RequiredOptions<typeof realtimeShape>,
    OptionalOptions<typeof realtimeShape> {}

export interface RealtimeAllowance extends ParsedOptions<typeof realtimeShape> {}

export const realtimeAllowance: z.ZodType<RealtimeAllowance, RealtimeAllowanceSpec> =
  optionsSchema(realtimeShape);
