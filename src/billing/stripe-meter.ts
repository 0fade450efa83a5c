import pLimit from 'p-limit';
import * as z from 'zod';
import { withHookDeadline } from '../base/deadline.ts';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { SettledEvent } from '../core/call-events.ts';

/** The part of Stripe's SDK that is used here. Tests check it against the real SDK. */
export interface StripeMeterClient {
  /** Stripe's billing API. */
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

/** Sends the usage of calls to a meter at Stripe. */
export interface StripeMeter {
  /** For `guard.on('settled', …)`. Returns at once. */
  readonly listener: (settled: SettledEvent) => void;
  /** Resolves when every call so far is sent or given up. Await it before the process ends. */
  flush(): Promise<void>;
}

const AT_ONCE = 4;
const WAITING_MAX = 10_000;
const TRIES_MAX = 5;
const BACKOFF_MS = 500;
const HOOK_MS_MAX = 10_000;
/** Stripe's limit, from its API reference (read 2026-11). */
const IDENTIFIER_LENGTH_MAX = 100;

const stripeMeterShape = {
  /** A client of the `stripe` package. */
  stripe: z.custom<StripeMeterClient>(
    (value) => typeof value === 'object' && value !== null && 'billing' in value,
    'must be a client of the "stripe" package',
  ),
  /** The `event_name` of the meter at Stripe, at most 100 characters. */
  eventName: z.string().min(1).max(100),
  /** Returns the customer to bill (`cus_…`); with `undefined` nothing is sent. It has 10 s, and is called
   * again when it fails. */
  customerOf: callback<(userId: string) => string | undefined | Promise<string | undefined>>(),
  /** Returns the quantity, which is rounded to a whole number. The default is all input and output tokens
   * of the call.
   * @default allTokens */
  quantityOf: callback<(settled: SettledEvent) => number>().default(() => allTokens),
  /** Called for each call that could not be sent, because Stripe refused it, it failed five times, or too
   * many calls were waiting. Errors that it throws are ignored. */
  onError: callback<(error: unknown, settled: SettledEvent) => void | Promise<void>>().optional(),
};

/** The options of `stripeMeter`. */
export interface StripeMeterOptions
  extends RequiredOptions<typeof stripeMeterShape>,
    OptionalOptions<typeof stripeMeterShape> {}

type StripeMeterSettings = ParsedOptions<typeof stripeMeterShape>;

/**
 * Sends the usage of each call to a meter at Stripe, exactly once. All attempts have the same
 * `identifier`, made of the call and the meter. Stripe refuses an identifier that it has (for at least
 * 24 hours, API reference read 2026-11), which counts as sent. At most 10,000 calls wait for Stripe.
 * They are lost when the process ends.
 *
 * @example
 * ```ts
 * import Stripe from 'stripe';
 *
 * const meter = stripeMeter({
 *   stripe: new Stripe(process.env.STRIPE_KEY ?? ''),
 *   eventName: 'ai_tokens',
 *   customerOf: async (userId) => (await findAccount(userId)).customer,
 * });
 * guard.on('settled', meter.listener);
 * ```
 */
export function stripeMeter(options: StripeMeterOptions): StripeMeter {
  const settings = parseOrThrow(optionsSchema(stripeMeterShape), options, 'stripeMeter');
  const queue = pLimit(AT_ONCE);
  const sending = new Set<Promise<void>>();
  // An error in `onError` must neither end the process nor stop the other meter events.
  const report = async (error: unknown, settled: SettledEvent) =>
    settings.onError?.(error, settled);
  const giveUp = (error: unknown, settled: SettledEvent) =>
    void report(error, settled).catch(() => {});
  return {
    listener(settled) {
      if (queue.pendingCount >= WAITING_MAX) {
        giveUp(new Error('Too many calls wait to be metered. This one is not sent.'), settled);
        return;
      }
      const atMs = Date.now();
      const sent = queue(() => sendOne(settings, settled, atMs))
        .catch((error: unknown) => giveUp(error, settled))
        .finally(() => sending.delete(sent));
      sending.add(sent);
    },
    async flush() {
      while (sending.size > 0) await Promise.all(sending);
    },
  };
}

async function sendOne(
  { stripe, eventName, customerOf, quantityOf }: StripeMeterSettings,
  settled: SettledEvent,
  atMs: number,
): Promise<void> {
  const value = Math.round(quantityOf(settled));
  if (!(value > 0)) return;
  const customer = await withTries(async () =>
    withHookDeadline(customerOf(settled.userId), HOOK_MS_MAX, 'customerOf'),
  );
  if (customer === undefined) return;
  const meterEvent = {
    event_name: eventName,
    identifier: `${settled.callId}:${eventName}`.slice(0, IDENTIFIER_LENGTH_MAX),
    timestamp: Math.floor(atMs / 1_000),
    payload: { stripe_customer_id: customer, value: String(value) },
  };
  await withTries(() => stripe.billing.meterEvents.create(meterEvent)).catch(unlessKnown);
}

async function withTries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === TRIES_MAX || REFUSALS.has(typeOf(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS * 2 ** (tries - 1)));
    }
  }
}

/** The SDK's types of errors that are the same at every attempt. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'StripeInvalidRequestError',
  'StripeAuthenticationError',
  'StripePermissionError',
]);

const typeOf = (error: unknown): unknown =>
  error instanceof Error && 'type' in error ? error.type : undefined;

/** An earlier attempt arrived, but its response was lost. Stripe has no code for it (reported 2026-08). */
function unlessKnown(error: unknown): void {
  const known = error instanceof Error && /^An event already exists with ident/.test(error.message);
  if (!known) throw error;
}

const allTokens = ({ inputTokens, outputTokens }: SettledEvent): number =>
  inputTokens + outputTokens;
