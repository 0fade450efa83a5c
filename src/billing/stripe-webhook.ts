import * as z from 'zod';
import { withHookDeadline } from '../base/deadline.ts';
import {
  callback,
  type OptionalOptions,
  objectWith,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
  secretText,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { deny } from '../core/denial.ts';
import type { UserId } from '../core/user.ts';
import type { Guard } from '../guard/create-guarded-completion.ts';
import type { Mountable } from '../http/mountable.ts';
import { readSignedBody } from '../http/request-parts.ts';
import { webhook } from '../http/webhook.ts';
import { billedUsersOf } from '../users/billed-users.ts';
import { withPurchase } from '../users/purchases.ts';
import { creditsOption, type SoldCredits, soldCredits } from './sold-credits.ts';
import { applyCheckout, applyRefund, type StripeCheckout } from './stripe-payments.ts';

/** The part of Stripe's SDK that is used here. Tests check it against the real SDK. */
export interface StripeWebhookClient {
  /** Verifies signatures. */
  readonly webhooks: {
    constructEventAsync(payload: string, header: string, secret: string): Promise<StripeEvent>;
  };
  /** Lists what a customer has. */
  readonly entitlements: {
    readonly activeEntitlements: {
      list(params: { customer: string; limit: number }): AsyncIterable<{ lookup_key: string }>;
    };
  };
  /** Lists what was bought. Needed for `credits`. */
  readonly checkout?: StripeCheckout;
}

interface StripeEvent {
  readonly type: string;
  readonly created: number;
  readonly data: { readonly object: object };
}

const SECRET_LENGTH_MIN = 16;
const HOOK_MS_MAX = 10_000;
/** More than any customer has at Stripe. */
const ENTITLEMENTS_MAX = 1_000;
const SUMMARY = 'entitlements.active_entitlement_summary.updated';

const stripeWebhookShape = {
  /** The guard whose users get the plans. */
  guard: objectWith<Guard>(['on', 'close'], 'must be a guard'),
  /** A client of the `stripe` package. */
  stripe: z.custom<StripeWebhookClient>(
    (value) => typeof value === 'object' && value !== null && 'webhooks' in value,
    'must be a client of the "stripe" package',
  ),
  /** The signing secret of the webhook's endpoint at Stripe (`whsec_…`). `undefined`, as from an
   * environment variable that is not set, is a `TypeError`. */
  secret: secretText(
    ({ length }) => length >= SECRET_LENGTH_MIN,
    'must be the signing secret of the endpoint; is its environment variable set?',
  ),
  /** The plan of each feature, by its lookup key. Other features give no plan. A name that is not a plan
   * of the guard is a `TypeError`. Without it, only credits are sold. */
  plans: z.record(z.string(), z.string().min(1)).readonly().optional(),
  /** The credits of each one-time price, by its id or lookup key: `{ credits_5: { usd: 5 } }`. A paid checkout gives
   * them once, times the quantity; a full refund takes them back. They go to the user whom the checkout names as
   * `client_reference_id`, or to the user of its customer. */
  credits: creditsOption,
  /** Returns the user of a customer (`cus_…`); `undefined` if there is none. It has 10 s. */
  userOf: callback<(customer: string) => UserId | undefined | Promise<UserId | undefined>>(),
};

/** The options of `stripeWebhook`. */
export interface StripeWebhookOptions
  extends RequiredOptions<typeof stripeWebhookShape>,
    OptionalOptions<typeof stripeWebhookShape> {}

type StripeWebhookSettings = ParsedOptions<typeof stripeWebhookShape>;

const summaryShape = z.object({
  customer: z.string().min(1).max(256),
  entitlements: z.object({
    data: z.array(z.object({ lookup_key: z.string() })),
    has_more: z.boolean().default(false),
  }),
});

/**
 * Gives users the plans of the features and the credits that they pay for at Stripe, from their next call. Mount it
 * where Stripe's webhooks arrive, before any body parser. Nothing happens without Stripe's signature.
 * Repeats and late events change nothing. If two events have the same second, the one that arrives
 * later counts.
 *
 * The response is 200 for an event that was processed or is of another kind, and 400 for a wrong
 * signature. If Stripe, the store or `userOf` fails, the response is 500 and there is a `failed` event.
 * Stripe then sends the webhook again.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import Stripe from 'stripe';
 *
 * const webhook = stripeWebhook({
 *   guard,
 *   stripe: new Stripe(process.env.STRIPE_KEY ?? ''),
 *   secret: process.env.STRIPE_WEBHOOK_SECRET,
 *   plans: { 'pro-access': 'pro' }, // lookup key of a feature → plan
 *   userOf: async (customer) => (await findAccount(customer)).id,
 * });
 * express().use('/hooks/stripe', guardExpress(webhook));
 * ```
 */
export function stripeWebhook(options: StripeWebhookOptions): Mountable {
  const settings = parseOrThrow(optionsSchema(stripeWebhookShape), options, 'stripeWebhook');
  const { guard, stripe, secret } = settings;
  billedUsersOf(guard).checkPlans(settings.plans ?? {}, 'stripeWebhook.plans');
  const sold = soldCredits(settings, 'stripeWebhook');
  if (sold.size > 0 && stripe.checkout === undefined) {
    throw new TypeError('"stripeWebhook.stripe" must have "checkout", to list what was bought');
  }
  return webhook(guard, async (request) => {
    const payload = await readSignedBody(request);
    const signature = request.header('stripe-signature') ?? '';
    const event = await stripe.webhooks
      .constructEventAsync(payload, signature, secret)
      .catch(() => undefined);
    if (event === undefined) return WRONG_SIGNATURE;
    if (event.type === SUMMARY) await apply(settings, event);
    else if (sold.size > 0) await applyPayment(settings, sold, event);
    return undefined;
  });
}

const PAID = new Set(['checkout.session.completed', 'checkout.session.async_payment_succeeded']);

async function applyPayment(
  { guard, stripe: { checkout }, userOf }: StripeWebhookSettings,
  sold: SoldCredits,
  { type, created, data }: StripeEvent,
): Promise<void> {
  const users = billedUsersOf(guard);
  if (type === 'charge.refunded') return applyRefund(data.object, users);
  if (!PAID.has(type) || checkout === undefined) return;
  await applyCheckout(data.object, created * 1_000, {
    users,
    sold,
    checkout,
    userOf: async (customer) => withHookDeadline(userOf(customer), HOOK_MS_MAX, 'userOf'),
  });
}

const WRONG_SIGNATURE = deny('invalid_request', 'The signature is missing, wrong or too old.');

async function apply(
  { guard, stripe, plans = {}, userOf }: StripeWebhookSettings,
  { created, data }: StripeEvent,
): Promise<void> {
  const { customer, entitlements } = summaryShape.parse(data.object);
  const userId = await withHookDeadline(userOf(customer), HOOK_MS_MAX, 'userOf');
  if (userId === undefined) return;
  const active = entitlements.has_more ? await entitlementsOf(stripe, customer) : entitlements.data;
  const names = active.flatMap(({ lookup_key }) =>
    Object.hasOwn(plans, lookup_key) ? [plans[lookup_key] ?? ''] : [],
  );
  const purchase = { id: customer, plans: names, asOfMs: created * 1_000, lasts: true };
  await billedUsersOf(guard).change(userId, 'stripe', (all) => withPurchase(all, purchase));
}

async function entitlementsOf(
  { entitlements }: StripeWebhookClient,
  customer: string,
): Promise<{ lookup_key: string }[]> {
  const all: { lookup_key: string }[] = [];
  for await (const one of entitlements.activeEntitlements.list({ customer, limit: 100 })) {
    all.push(one);
    if (all.length === ENTITLEMENTS_MAX) break;
  }
  return all;
}
