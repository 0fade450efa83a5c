import * as z from 'zod';
import type { GrantEvent } from '../accounts/credits.ts';
import {
  allPurchases,
  type ProviderPurchases,
  type Purchase,
  purchaseIn,
  withPurchase,
} from '../users/purchases.ts';
import type { SoldCredits } from './sold-credits.ts';

const id = z.string().min(1).max(256);
const ids = z.array(id).max(1_000).nullish();
const instant = z.number().min(0).max(8.64e15);
const eventShape = z.object({
  type: z.string().max(128),
  event_timestamp_ms: instant,
  environment: z.string().nullish(),
  app_user_id: id.nullish(),
  original_app_user_id: id.nullish(),
  aliases: ids,
  original_transaction_id: id.nullish(),
  transaction_id: id.nullish(),
  product_id: id.nullish(),
  cancel_reason: z.string().nullish(),
  entitlement_ids: ids,
  expiration_at_ms: instant.nullish(),
  grace_period_expiration_at_ms: instant.nullish(),
  transferred_from: ids,
  transferred_to: ids,
});
export const payloadShape = z.object({ event: eventShape });
export type RevenueCatEvent = z.output<typeof eventShape>;

/** How each event changes access, from RevenueCat's documentation of its webhooks (read 2026-11). */
const MEANINGS: ReadonlyMap<string, 'has' | 'cancels' | 'ends' | 'moves'> = new Map([
  ['INITIAL_PURCHASE', 'has'],
  ['RENEWAL', 'has'],
  ['UNCANCELLATION', 'has'],
  ['NON_RENEWING_PURCHASE', 'has'],
  ['SUBSCRIPTION_EXTENDED', 'has'],
  ['TEMPORARY_ENTITLEMENT_GRANT', 'has'],
  ['REFUND_REVERSED', 'has'],
  ['BILLING_ISSUE', 'has'],
  ['SUBSCRIPTION_PAUSED', 'has'],
  // Access lasts until the end of the paid period, or ends at once with a refund.
  ['CANCELLATION', 'cancels'],
  ['EXPIRATION', 'ends'],
  ['TRANSFER', 'moves'],
]);

export const meaningOf = ({ type }: RevenueCatEvent) => MEANINGS.get(type);

const ENDED = 0;

/** When the purchase of an event ends; `undefined` if the event does not say it. */
function endOf(event: RevenueCatEvent): number | undefined {
  const end = event.grace_period_expiration_at_ms ?? event.expiration_at_ms ?? undefined;
  return meaningOf(event) === 'ends' || isRefund(event, end) ? ENDED : end;
}

/** RevenueCat's reason of a refund (its documentation of webhooks, read 2026-11). What does not renew, so
 * has no end, is cancelled only by a refund. */
const isRefund = (event: RevenueCatEvent, end: number | undefined): boolean =>
  meaningOf(event) === 'cancels' &&
  (event.cancel_reason === 'CUSTOMER_SUPPORT' || end === undefined);

/** Returns the purchases of a customer after an event about one of them. */
export function afterEvent(
  all: ProviderPurchases,
  event: RevenueCatEvent,
  plansOf: (entitlements: readonly string[]) => readonly string[],
): ProviderPurchases {
  if (meaningOf(event) === 'moves') return allPurchases(all, [], event.event_timestamp_ms);
  // All renewals of a subscription have the first transaction in common.
  const transaction = event.original_transaction_id ?? event.transaction_id ?? undefined;
  const product = event.product_id ?? undefined;
  const purchaseId = transaction ?? product ?? '';
  const known = transaction === undefined ? undefined : purchaseIn(all, purchaseId);
  const listed = event.entitlement_ids;
  const plans = plansOf(listed ?? []);
  // A purchase that belongs to no plan, such as a pack of coins, does not change the plan.
  if (plans.length === 0 && known === undefined) return all;
  const purchase: Purchase = {
    id: purchaseId,
    plans: listed ? plans : (known?.plans ?? []),
    asOfMs: event.event_timestamp_ms,
    untilMs: endOf(event),
    lasts: event.type === 'NON_RENEWING_PURCHASE',
    product,
  };
  return withPurchase(all, purchase);
}

/** The payment that an event gives credits for, or takes them back of; `undefined` if it sells none. */
export function creditEvent(
  event: RevenueCatEvent,
  sold: SoldCredits,
): { readonly payment: string; readonly event: GrantEvent } | undefined {
  const { type, product_id, transaction_id, original_transaction_id } = event;
  const amounts = sold.get(product_id ?? '');
  const payment = transaction_id ?? original_transaction_id ?? undefined;
  if (amounts === undefined || payment === undefined) return undefined;
  const isRefunded = isRefund(event, event.expiration_at_ms ?? undefined);
  if (!isRefunded && type !== 'NON_RENEWING_PURCHASE' && type !== 'REFUND_REVERSED')
    return undefined;
  return { payment, event: { amounts, given: !isRefunded, asOfMs: event.event_timestamp_ms } };
}

/** RevenueCat's own id of a customer who has not logged in to the app. */
const isAnonymous = (userId: string) => userId.startsWith('$RCAnonymousID:');

const named = (users: readonly (string | null | undefined)[] | null | undefined): string[] =>
  (users ?? []).flatMap((userId) => (userId && !isAnonymous(userId) ? [userId] : []));

/** Returns whose purchases an event changes by itself. A transfer does not say what its new owner gets. */
export function usersOf(event: RevenueCatEvent): string[] {
  const { app_user_id, original_app_user_id, aliases, transferred_from } = event;
  if (meaningOf(event) === 'moves') return named(transferred_from);
  // The app's own id of the customer can be any of their ids.
  return named([app_user_id, original_app_user_id, ...(aliases ?? [])]).slice(0, 1);
}

/** Returns whose entitlements an event can have changed. */
export function usersToLookUp(event: RevenueCatEvent): string[] {
  const gained = meaningOf(event) === 'moves' ? named(event.transferred_to) : [];
  return [...usersOf(event), ...gained];
}
