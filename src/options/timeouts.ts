import * as z from 'zod';
import { duration } from '../base/duration.ts';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';

const timeoutsShape = {
  /** Connecting to OpenAI.
   * @default '10s' */
  connect: duration.prefault('10s'),
  /** From the request until OpenAI's first byte. A long answer that is not streamed arrives whole.
   * @default '10m' */
  headers: duration.prefault('10m'),
  /** Silence within an answer. A model may think that long.
   * @default '10m' */
  idle: duration.prefault('10m'),
  /** A client that leaves its stream unread. Its call then ends as if it had disconnected.
   * @default '60s' */
  stall: duration.prefault('60s'),
  /** Waiting for a turn at an upstream: for its rate limit, or for one of `bounds.inFlight` places. Then 503
   * `upstream_busy`, and nothing is charged.
   * @default '30s' */
  queue: duration.prefault('30s'),
  /** Each call of your hooks `auth`, `planOf`, `apiKey`, `before` and `limiters`.
   * @default '5s' */
  hook: duration.prefault('5s'),
  /** The ledger's store, for each verb of a call. Not for a ledger in this process.
   * @default '150ms' */
  ledger: duration.prefault('150ms'),
  /** Receiving a request's body.
   * @default '30s' */
  body: duration.prefault('30s'),
  /** How often a quiet stream gets an SSE comment, so that nothing on the way closes it.
   * @default '15s' */
  heartbeat: duration.prefault('15s'),
};

/** How long the guard waits. All are durations like `'30s'`. */
export interface TimeoutSpec
  extends RequiredOptions<typeof timeoutsShape>,
    OptionalOptions<typeof timeoutsShape> {}

export interface ParsedTimeouts extends ParsedOptions<typeof timeoutsShape> {}

export const timeouts: z.ZodType<ParsedTimeouts, TimeoutSpec> = optionsSchema(timeoutsShape);

const ledgerFailureShape = {
  /** How many processes share the ledger. While the store fails, each gives out a limit divided by this,
   * rounded down, at least 1, so that all of them together stay within the limit.
   * @default 4 */
  processes: z.int().min(1).default(4),
  /** How long this process trusts what it last read of a token or user (blocks, revocations) while the
   * store fails. After that, and for users it has not read, calls get 503 `ledger_unavailable`.
   * @default '30s' */
  cachedFor: duration.prefault('30s'),
};

/** How the guard decides while the store of the ledger fails. */
export interface LedgerFailureSpec
  extends RequiredOptions<typeof ledgerFailureShape>,
    OptionalOptions<typeof ledgerFailureShape> {}

export interface ParsedLedgerFailure extends ParsedOptions<typeof ledgerFailureShape> {}

export const ledgerFailure: z.ZodType<ParsedLedgerFailure, LedgerFailureSpec> =
  optionsSchema(ledgerFailureShape);

const tokensShape = {
  /** How long a user token lives unless `tokens.issue` sets a `ttl`.
   * @default '1h' */
  ttl: duration.prefault('1h'),
  /** The longest life of a user token: of `ttl` here, in `tokens.issue` and in the option `exchange`.
   * @default '24h' */
  ttlMax: duration.prefault('24h'),
};

/** How long user tokens live. Both are durations like `'15m'`. */
export interface TokensSpec
  extends RequiredOptions<typeof tokensShape>,
    OptionalOptions<typeof tokensShape> {}

export interface ParsedTokens extends ParsedOptions<typeof tokensShape> {}

export const tokens: z.ZodType<ParsedTokens, TokensSpec> = optionsSchema(tokensShape);

/** The timeouts, as the parts of the guard take them. */
export function timeoutSettings(parsed: ParsedTimeouts) {
  const { connect, headers, idle, heartbeat, stall, queue, hook, body, ledger } = parsed;
  return {
    upstreamTimeouts: { connectMs: connect, headersMs: headers, idleMs: idle },
    stream: { heartbeatMs: heartbeat, idleMs: idle, stallMs: stall },
    queueMs: queue,
    hookMs: hook,
    bodyMs: body,
    ledgerMs: ledger,
  };
}
