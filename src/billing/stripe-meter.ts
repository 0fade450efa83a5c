import pLimit from 'p-limit';
import { z } from 'zod';
import type { SettledEvent } from '../events.ts';
import { parseOrThrow } from '../shape.ts';

/** Stripe's SDK, as far as it is needed here; checked against the real one in tests. */
export interface StripeMeterClient {
  readonly billing: {
    readonly meterEvents: {
      create(params: {
        event_name: string;
        identifier: string;
        timestamp: number;
        payload: Record<string, string>;
      }): Promise<unknown>;
    };
  };
}

export interface StripeMeterOptions {
  readonly stripe: StripeMeterClient;
  /** The `event_name` of the meter at Stripe. */
  readonly eventName: string;
  /** Whom to bill (`cus_…`); `undefined`: nobody, and nothing is sent. */
  readonly customerOf: (userId: string) => string | undefined | Promise<string | undefined>;
  /** How much, a whole number; default all tokens of the call, input and output. */
  readonly quantityOf?: (settled: SettledEvent) => number;
  /** Told of what could not be sent: after five tries, or when too much was waiting. */
  readonly onError?: (error: unknown, settled: SettledEvent) => void;
}

export interface StripeMeter {
  /** For `guard.on('settled', …)`; returns at once. */
  readonly listener: (settled: SettledEvent) => void;
  /** Resolves when all that was taken so far is sent or given up. */
  flush(): Promise<void>;
}

const AT_ONCE = 4;
const WAITING_MAX = 10_000;
const TRIES_MAX = 5;
const BACKOFF_MS = 500;

const callable = z.custom<object>((value) => typeof value === 'function', 'must be a function');
const shape = z.strictObject({
  stripe: z.custom<object>(
    (value) => typeof value === 'object' && value !== null && 'billing' in value,
    'must be a client of the "stripe" package',
  ),
  eventName: z.string().min(1).max(100),
  customerOf: callable,
  quantityOf: callable.optional(),
  onError: callable.optional(),
});

/**
 * Sends what each call used to a meter of Stripe's, once: a repeat has the same `identifier`, by which
 * Stripe drops it (for at least 24 hours, API reference of 2026-08). At most 10,000 calls wait for Stripe.
 */
export function stripeMeter(options: StripeMeterOptions): StripeMeter {
  parseOrThrow(shape, options, 'stripeMeter');
  const { onError = () => {} } = options;
  const turn = pLimit(AT_ONCE);
  const sending = new Set<Promise<void>>();
  const send = (settled: SettledEvent, atMs: number) =>
    turn(() => sendOne(options, settled, atMs)).catch((error: unknown) => onError(error, settled));
  return {
    listener(settled) {
      if (turn.pendingCount >= WAITING_MAX) {
        onError(new Error('Too many calls wait to be metered; this one is left out.'), settled);
        return;
      }
      const sent = send(settled, Date.now()).finally(() => sending.delete(sent));
      sending.add(sent);
    },
    async flush() {
      while (sending.size > 0) await Promise.all(sending);
    },
  };
}

async function sendOne(
  { stripe, eventName, customerOf, quantityOf = allTokens }: StripeMeterOptions,
  settled: SettledEvent,
  atMs: number,
): Promise<void> {
  const customer = await customerOf(settled.userId);
  const value = Math.round(quantityOf(settled));
  if (customer === undefined || !(value > 0)) return;
  const meterEvent = {
    event_name: eventName,
    identifier: settled.callId,
    timestamp: Math.floor(atMs / 1_000),
    payload: { stripe_customer_id: customer, value: String(value) },
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await stripe.billing.meterEvents.create(meterEvent);
      return;
    } catch (error) {
      if (attempt === TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS * 2 ** (attempt - 1)));
    }
  }
}

const allTokens = ({ inputTokens, outputTokens }: SettledEvent): number =>
  inputTokens + outputTokens;
