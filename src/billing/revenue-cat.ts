import { hash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { SharedDeadline, withHookDeadline } from '../base/deadline.ts';
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
import { type Denial, deny, isDenial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Guard } from '../guard/create-guarded-completion.ts';
import type { Mountable } from '../http/mountable.ts';
import { webhook } from '../http/webhook.ts';
import { readJson } from '../openai/request/read-json.ts';
import { billedUsersOf } from '../users/billed-users.ts';
import { allPurchases, type Purchase } from '../users/purchases.ts';
import {
  afterEvent,
  creditEvent,
  meaningOf,
  payloadShape,
  type RevenueCatEvent,
  usersOf,
  usersToLookUp,
} from './revenue-cat-event.ts';
import { creditsOption, type SoldCredits, soldCredits } from './sold-credits.ts';

/** An entitlement that a customer has at present. */
export interface Entitlement {
  /** Its identifier at RevenueCat. */
  readonly id: string;
  /** When it ends, Unix ms. `undefined`: it does not expire. */
  readonly expiresAtMs?: number | undefined;
}

const SECRET_LENGTH_MIN = 16;
const BODY = { bytesMax: 1024 * 1024, deadline: new SharedDeadline(10_000) };
const HOOK_MS_MAX = 10_000;

const revenueCatShape = {
  /** The guard whose users get the plans. */
  guard: objectWith<Guard>(['on', 'close'], 'must be a guard'),
  /** The value of the `Authorization` header that you set for the webhook at RevenueCat, at least 16
   * characters. `undefined`, as from an environment variable that is not set, is a `TypeError`. */
  authorization: secretText(
    ({ length }) => length >= SECRET_LENGTH_MIN,
    `must be a string of at least ${SECRET_LENGTH_MIN} characters; is its environment variable set?`,
  ),
  /** The plan of each entitlement, by its identifier. Other entitlements give no plan. A name that is not
   * a plan of the guard is a `TypeError`. Without it, only credits are sold. */
  plans: z.record(z.string(), z.string().min(1)).readonly().optional(),
  /** The credits of each consumable product, by its identifier: `{ coins_100: { requests: 100 } }`. A
   * `NON_RENEWING_PURCHASE` gives them once; its refund takes them back. */
  credits: creditsOption,
  /** Also processes events of test purchases.
   * @default false */
  sandbox: z.boolean().default(false),
  /** Reads the entitlements of a customer from RevenueCat at each event about them, as RevenueCat
   * recommends. It has 10 s. Expired entitlements are ignored. Without this function the events
   * decide, purchase by purchase. A transfer then only removes the plan of the previous owner, because
   * its event does not contain what the new owner gets. */
  entitlementsOf: callback<(appUserId: string) => Promise<readonly Entitlement[]>>().optional(),
};

/** The options of `revenueCatWebhook`. */
export interface RevenueCatOptions
  extends RequiredOptions<typeof revenueCatShape>,
    OptionalOptions<typeof revenueCatShape> {}

type RevenueCatSettings = ParsedOptions<typeof revenueCatShape>;

/**
 * Gives users the plans and credits that they bought through RevenueCat, from their next call. Mount it where its
 * webhooks arrive. Repeats and late events change nothing.
 *
 * The response is 200 for an event that was processed or does not concern access, 401 without the
 * configured `Authorization`, and 400 for a body that is not an event. If the store or `entitlementsOf`
 * fails, the response is 500 and there is a `failed` event. RevenueCat then sends the webhook again.
 *
 * @example
 * ```ts
 * import express from 'express';
 *
 * const webhook = revenueCatWebhook({
 *   guard,
 *   authorization: process.env.REVENUECAT_AUTHORIZATION,
 *   plans: { pro_access: 'pro' }, // entitlement → plan
 * });
 * express().use('/hooks/revenuecat', guardExpress(webhook));
 * ```
 */
export function revenueCatWebhook(options: RevenueCatOptions): Mountable {
  const settings = parseOrThrow(optionsSchema(revenueCatShape), options, 'revenueCatWebhook');
  billedUsersOf(settings.guard).checkPlans(settings.plans ?? {}, 'revenueCatWebhook.plans');
  const sold = soldCredits(settings, 'revenueCatWebhook');
  const expected = digest(settings.authorization);
  return webhook(settings.guard, async (request) => {
    const sent = request.header('authorization') ?? '';
    if (!timingSafeEqual(digest(sent), expected)) return UNAUTHORIZED;
    const event = await readEvent(request);
    if (isDenial(event)) return event;
    if (event.environment !== 'SANDBOX' || settings.sandbox) await apply(event, settings, sold);
    return undefined;
  });
}

const UNAUTHORIZED = deny('invalid_credential', 'The "Authorization" header is missing or wrong.');

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

async function readEvent(request: GuardRequest): Promise<RevenueCatEvent | Denial> {
  const body = await readJson(request, BODY);
  if (isDenial(body)) return body;
  const parsed = payloadShape.safeParse(body.value);
  if (parsed.success) return parsed.data.event;
  const param = parsed.error.issues[0]?.path.join('.') ?? 'event';
  return deny('invalid_request', `"${param}" is not as RevenueCat sends it.`, { param });
}

/** The provider of these purchases. */
const PROVIDER = 'revenuecat';

async function apply(
  event: RevenueCatEvent,
  settings: RevenueCatSettings,
  sold: SoldCredits,
): Promise<void> {
  const { guard, entitlementsOf } = settings;
  if (meaningOf(event) === undefined) return;
  const credited = creditEvent(event, sold);
  if (credited !== undefined) {
    for (const userId of usersOf(event)) {
      await billedUsersOf(guard).credit(userId, credited.payment, credited.event);
    }
  }
  const plansOf = (listed: readonly string[]) => listed.flatMap((id) => planOf(settings, id));
  const users = entitlementsOf === undefined ? usersOf(event) : usersToLookUp(event);
  for (const userId of users) {
    const found = entitlementsOf && (await lookUp(userId, event, settings, entitlementsOf));
    await billedUsersOf(guard).change(userId, PROVIDER, (all) =>
      found === undefined
        ? afterEvent(all, event, plansOf)
        : allPurchases(all, found, event.event_timestamp_ms),
    );
  }
}

/** What RevenueCat says about a customer now, which counts instead of the event. */
async function lookUp(
  userId: string,
  { event_timestamp_ms: asOfMs }: RevenueCatEvent,
  settings: RevenueCatSettings,
  entitlementsOf: NonNullable<RevenueCatSettings['entitlementsOf']>,
): Promise<readonly Purchase[]> {
  const found = await withHookDeadline(entitlementsOf(userId), HOOK_MS_MAX, 'entitlementsOf');
  return found.flatMap(({ id, expiresAtMs }) => {
    if (Number.isNaN(expiresAtMs)) throw new TypeError(`"${id}" has an invalid "expiresAtMs".`);
    const plans = planOf(settings, id);
    if (plans.length === 0) return [];
    return [{ id, plans, asOfMs, untilMs: expiresAtMs, lasts: expiresAtMs === undefined }];
  });
}

/** The plan of an entitlement; empty if it gives none. */
const planOf = ({ plans = {} }: RevenueCatSettings, entitlement: string): string[] =>
  Object.hasOwn(plans, entitlement) ? [plans[entitlement] ?? ''] : [];
