import * as z from 'zod';
import { parseUserId, type UserId } from '../core/user.ts';
import { type Amounts, amountIn, amountsBy, NO_AMOUNTS } from '../ledger/amounts.ts';
import type { BilledUsers } from '../users/billed-users.ts';
import type { SoldCredits } from './sold-credits.ts';

/** An item of a checkout. */
export interface StripeLineItem {
  readonly quantity: number | null;
  readonly price: { readonly id: string; readonly lookup_key: string | null } | null;
}

/** Lists what was bought in a checkout. */
export interface StripeCheckout {
  readonly sessions: {
    listLineItems(session: string, params: { limit: number }): AsyncIterable<StripeLineItem>;
  };
}

const ID_LENGTH_MAX = 256;
const id = z.string().min(1).max(ID_LENGTH_MAX);
/** An id, or the object with it. */
const reference = z.union([id, z.object({ id }).transform((object) => object.id)]).nullish();

const sessionShape = z.object({
  id,
  mode: z.string(),
  payment_status: z.string(),
  payment_intent: reference,
  client_reference_id: id.nullish(),
  customer: reference,
});
const chargeShape = z.object({ refunded: z.boolean(), payment_intent: reference });

const PAYMENTS = 'stripe-payment:';
const REFUNDS = 'stripe-refund:';
/** More than one checkout has. */
const ITEMS_MAX = 1_000;

interface PaymentParts {
  readonly users: BilledUsers;
  readonly sold: SoldCredits;
  readonly checkout: StripeCheckout;
  userOf(customer: string): Promise<UserId | undefined>;
}

/** A paid checkout gives its credits, once for each payment. */
export async function applyCheckout(
  session: object,
  atMs: number,
  parts: PaymentParts,
): Promise<void> {
  const { id, mode, payment_status, payment_intent, ...buyer } = sessionShape.parse(session);
  if (mode !== 'payment' || payment_status !== 'paid' || !payment_intent) return;
  const amounts = await amountsOf(id, parts);
  if (amounts === NO_AMOUNTS) return;
  const { client_reference_id: named, customer } = buyer;
  const found = named ?? (customer ? await parts.userOf(customer) : undefined);
  if (found === undefined) return;
  const userId = parseUserId(found);
  const { users } = parts;
  await users.credit(userId, payment_intent, { amounts, given: true, asOfMs: atMs });
  await users.records.put(PAYMENTS + payment_intent, JSON.stringify(userId));
  const isRefunded = (await users.records.get(REFUNDS + payment_intent)) !== undefined;
  if (isRefunded) await users.credit(userId, payment_intent, TAKEN_BACK);
}

/** A full refund takes the credits of its payment back, also if it is known before the payment. */
export async function applyRefund(charge: object, users: BilledUsers): Promise<void> {
  const { refunded, payment_intent } = chargeShape.parse(charge);
  if (!refunded || !payment_intent) return;
  await users.records.put(REFUNDS + payment_intent, '1');
  const payment = await users.records.get(PAYMENTS + payment_intent);
  if (payment === undefined) return;
  await users.credit(JSON.parse(payment.value) as string, payment_intent, TAKEN_BACK);
}

const TAKEN_BACK = { given: false, asOfMs: Number.MAX_SAFE_INTEGER };

async function amountsOf(session: string, { sold, checkout }: PaymentParts): Promise<Amounts> {
  let total = NO_AMOUNTS;
  let items = 0;
  for await (const { price, quantity } of checkout.sessions.listLineItems(session, {
    limit: 100,
  })) {
    const each = sold.get(price?.id ?? '') ?? sold.get(price?.lookup_key ?? '');
    if (each !== undefined) total = plus(total, each, quantity ?? 1);
    items += 1;
    if (items === ITEMS_MAX) break;
  }
  return total;
}

const plus = (total: Amounts, each: Amounts, quantity: number): Amounts =>
  amountsBy((unit) => amountIn(total, unit) + quantity * amountIn(each, unit));
