import { hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
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
  /** The plan of each entitlement, by its identifier. Other entitlements give no plan. */
  plans: z.record(z.string(), z.string().min(1)).readonly(),
  /** Also processes events of test purchases.
   * @default false */
  sandbox: z.boolean().default(false),
  /** Reads the entitlements of a customer from RevenueCat at each event about them, as RevenueCat
   * recommends. It has 10 s. Expired entitlements are ignored. Without this function the event itself
   * decides, which is enough if no customer has two subscriptions. A transfer then only removes the plan
   * of the previous owner, because its event does not contain what the new owner gets. */
  entitlementsOf: callback<(appUserId: string) => Promise<readonly Entitlement[]>>().optional(),
};

/** The options of `revenueCatWebhook`. */
export interface RevenueCatOptions
  extends RequiredOptions<typeof revenueCatShape>,
    OptionalOptions<typeof revenueCatShape> {}

type RevenueCatSettings = ParsedOptions<typeof revenueCatShape>;

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
  entitlement_ids: ids,
  expiration_at_ms: instant.nullish(),
  grace_period_expiration_at_ms: instant.nullish(),
  transferred_from: ids,
  transferred_to: ids,
});
const payloadShape = z.object({ event: eventShape });
type RevenueCatEvent = z.output<typeof eventShape>;

/** How each event changes access, from RevenueCat's documentation of its webhooks (read 2026-11). */
const MEANINGS: ReadonlyMap<string, 'has' | 'ends' | 'moves'> = new Map([
  ['INITIAL_PURCHASE', 'has'],
  ['RENEWAL', 'has'],
  ['UNCANCELLATION', 'has'],
  ['NON_RENEWING_PURCHASE', 'has'],
  ['SUBSCRIPTION_EXTENDED', 'has'],
  ['TEMPORARY_ENTITLEMENT_GRANT', 'has'],
  ['REFUND_REVERSED', 'has'],
  // Access lasts until the end of the paid period. After a refund that end is in the past.
  ['CANCELLATION', 'has'],
  ['BILLING_ISSUE', 'has'],
  ['SUBSCRIPTION_PAUSED', 'has'],
  ['EXPIRATION', 'ends'],
  ['TRANSFER', 'moves'],
]);

/**
 * Gives users the plans that they bought through RevenueCat, from their next call. Mount it where its
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
  const expected = digest(settings.authorization);
  return webhook(settings.guard, async (request) => {
    const sent = request.header('authorization') ?? '';
    if (!timingSafeEqual(digest(sent), expected)) return UNAUTHORIZED;
    const event = await readEvent(request);
    if (isDenial(event)) return event;
    if (event.environment !== 'SANDBOX' || settings.sandbox) await apply(event, settings);
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

async function apply(event: RevenueCatEvent, options: RevenueCatSettings): Promise<void> {
  const { entitlementsOf } = options;
  const meaning = MEANINGS.get(event.type);
  if (meaning === undefined) return;
  const listed = entitlementsIn(event);
  const moves = meaning === 'moves';
  // A purchase that belongs to no plan, such as a pack of coins, does not change the plan.
  if (!moves && entitlementsOf === undefined && plansOf(options, listed).length === 0) return;
  for (const userId of moves ? movedUsers(event, entitlementsOf) : userOf(event)) {
    const has = entitlementsOf && (await currentEntitlements(userId, entitlementsOf));
    await push(options, userId, has ?? (meaning === 'has' ? listed : []), event);
  }
}

async function currentEntitlements(
  userId: string,
  read: NonNullable<RevenueCatSettings['entitlementsOf']>,
): Promise<readonly Entitlement[]> {
  const all = await withHookDeadline(read(userId), HOOK_MS_MAX, 'entitlementsOf');
  const nowMs = Date.now();
  // RevenueCat also lists expired entitlements.
  return all.filter(({ expiresAtMs = nowMs + 1 }) => !(expiresAtMs <= nowMs));
}

async function push(
  options: RevenueCatSettings,
  userId: string,
  has: readonly Entitlement[],
  { event_timestamp_ms }: RevenueCatEvent,
): Promise<void> {
  const known = plansOf(options, has);
  const names = known.map(({ plan }) => plan);
  const untilMs = latest(known.map(({ expiresAtMs }) => expiresAtMs));
  await options.guard.users.setPlan(userId, names.length === 0 ? undefined : names, {
    asOf: new Date(event_timestamp_ms),
    ...(untilMs !== undefined && { until: new Date(untilMs) }),
  });
}

/** The entitlements that give a plan, with that plan. */
const plansOf = ({ plans }: RevenueCatSettings, entitlements: readonly Entitlement[]) =>
  entitlements.flatMap(({ id, expiresAtMs }) => {
    const plan = Object.hasOwn(plans, id) ? plans[id] : undefined;
    return plan === undefined ? [] : [{ plan, expiresAtMs }];
  });

/** Returns the latest time. `undefined` does not expire, so it is later than any time. */
function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length < times.length || known.length === 0 ? undefined : Math.max(...known);
}

const entitlementsIn = (event: RevenueCatEvent): Entitlement[] => {
  const expiresAtMs = event.grace_period_expiration_at_ms ?? event.expiration_at_ms ?? undefined;
  return (event.entitlement_ids ?? []).map((id) => ({ id, expiresAtMs }));
};

/** RevenueCat's own id of a customer who has not logged in to the app. */
const isAnonymous = (userId: string) => userId.startsWith('$RCAnonymousID:');

/** Returns the app's own id of the customer, which can be any of their ids; empty if they have none. */
function userOf({ app_user_id, original_app_user_id, aliases }: RevenueCatEvent): string[] {
  const names = [app_user_id, original_app_user_id, ...(aliases ?? [])];
  const named = names.find((name) => typeof name === 'string' && !isAnonymous(name));
  return typeof named === 'string' ? [named] : [];
}

function movedUsers(
  { transferred_from, transferred_to }: RevenueCatEvent,
  entitlementsOf: unknown,
): string[] {
  const gained = entitlementsOf === undefined ? [] : (transferred_to ?? []);
  return [...(transferred_from ?? []), ...gained].filter((userId) => !isAnonymous(userId));
}
