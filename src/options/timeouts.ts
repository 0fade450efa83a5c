import { z } from 'zod';
import { parseDurationMs } from '../base/duration.ts';
import type { StreamSettings } from '../pipeline/metered-stream.ts';
import type { TokenSettings } from '../tokens/tokens.ts';
import type { UpstreamTimeouts } from '../upstream/upstream.ts';

export interface LedgerFailureSpec {
  /** How many processes share the ledger, default 4. While the store fails each gives out a limit
   * divided by this, at least 1, so that all of them together stay near the limit. */
  readonly processes?: number;
  /** How long this process goes on believing what it last read of a token or user (blocks,
   * revocations) while it cannot read; default `'30s'`. After that, and for anyone it has not read,
   * 503 `ledger_unavailable`. */
  readonly cachedFor?: string;
}

export interface TimeoutSpec {
  /** Default 10s. */
  readonly connect?: string;
  /** Until OpenAI begins to answer; default 10m, because a long answer that is no stream comes whole. */
  readonly headers?: string;
  /** Silence within an answer; default 10m, because a model may think that long. */
  readonly idle?: string;
  /** A client that does not read its stream; default 60s. */
  readonly stall?: string;
  /** Waiting for a turn; default 30s. */
  readonly queue?: string;
  /** Your hooks: `auth`, `planOf`, `apiKey`; default 5s. */
  readonly hook?: string;
  /** The ledger's store, for each verb of a call; default 150ms. Not for a ledger in this process. */
  readonly ledger?: string;
  /** Receiving a request's body; default 30s. */
  readonly body?: string;
  /** How often a quiet stream gets an SSE comment; default 15s. */
  readonly heartbeat?: string;
}

export const timeoutsShape = z
  .strictObject({
    connect: z.string().default('10s'),
    headers: z.string().default('10m'),
    idle: z.string().default('10m'),
    stall: z.string().default('60s'),
    queue: z.string().default('30s'),
    hook: z.string().default('5s'),
    ledger: z.string().default('150ms'),
    body: z.string().default('30s'),
    heartbeat: z.string().default('15s'),
  })
  .prefault({});

export const ledgerFailureShape = z
  .strictObject({ processes: z.int().min(1).default(4), cachedFor: z.string().default('30s') })
  .prefault({});

const duration = z.string().optional();
export const tokensShape = z.strictObject({ ttl: duration, ttlMax: duration }).default({});

/** How long the guard waits for whom, from the options. */
export interface Timeouts {
  readonly plan: { readonly ttlMs: number; readonly staleMs: number };
  readonly tokens: TokenSettings;
  readonly upstreamTimeouts: UpstreamTimeouts;
  readonly stream: StreamSettings;
  readonly queueMs: number;
  readonly hookMs: number;
  readonly bodyMs: number;
  readonly ledgerMs: number;
  readonly ledgerFailure: { readonly processes: number; readonly staleMs: number };
}

interface TimeoutOptions {
  readonly timeouts: z.output<typeof timeoutsShape>;
  readonly tokens: z.output<typeof tokensShape>;
  readonly planTtl?: string | undefined;
  readonly planStale?: string | undefined;
  readonly ledgerFailure: z.output<typeof ledgerFailureShape>;
}

/** Reads every duration once. `TypeError` names the option that is wrong. */
export function parseTimeouts({
  timeouts,
  tokens,
  planTtl,
  planStale,
  ledgerFailure,
}: TimeoutOptions): Timeouts {
  const wait = (name: keyof typeof timeouts) =>
    parseDurationMs(timeouts[name], `options.timeouts.${name}`);
  const idleMs = wait('idle');
  return {
    plan: {
      ttlMs: parseDurationMs(planTtl ?? '60s', 'options.planTtl'),
      staleMs: parseDurationMs(planStale ?? '1h', 'options.planStale'),
    },
    tokens: {
      ttlMs: parseDurationMs(tokens.ttl ?? '1h', 'options.tokens.ttl'),
      ttlMsMax: parseDurationMs(tokens.ttlMax ?? '24h', 'options.tokens.ttlMax'),
    },
    upstreamTimeouts: { connectMs: wait('connect'), headersMs: wait('headers'), idleMs },
    stream: { heartbeatMs: wait('heartbeat'), idleMs, stallMs: wait('stall') },
    queueMs: wait('queue'),
    hookMs: wait('hook'),
    bodyMs: wait('body'),
    ledgerMs: wait('ledger'),
    ledgerFailure: {
      processes: ledgerFailure.processes,
      staleMs: parseDurationMs(ledgerFailure.cachedFor, 'options.ledgerFailure.cachedFor'),
    },
  };
}
