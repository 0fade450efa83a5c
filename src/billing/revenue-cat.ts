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

/** An entitlement that a customer has now. */
export interface Entitlement {
  /** Its identifier at RevenueCat. */
  readonly id: string;
  /** When it ends, in milliseconds since 1970. `undefined`: never. */
  readonly expiresAtMs?: number | undefined;
}

const SECRET_LENGTH_MIN = 16;
const BODY = { bytesMax: 1024 * 1024, deadline: new SharedDeadline(10_000) };
const HOOK_MS_MAX = 10_000;

const revenueCatShape = {
  /** The guard whose users get the plans. */
  guard: objectWith<Guard>(['on', 'close'], 'must be a guard'),
  /** The value of the `Authorization` header that you set for the webhook at RevenueCat; at least 16
   * characters. `undefined`, such as an environment variable that is not set, is a `TypeError`. */
  authorization: secretText(
    ({ length }) => length >= SECRET_LENGTH_MIN,
    `must be a string of at least ${SECRET_LENGTH_MIN} characters; is its environment variable set?`,
  ),
  /** Which plan an entitlement gives, by the entitlement's identifier; others give none. */
  plans: z.record(z.string(), z.string().min(1)).readonly(),
  /** Also takes events of test purchases.
   * @default false */
  sandbox: z.boolean().default(false),
  /** Reads from RevenueCat what a customer has, at each event that concerns them, as RevenueCat
   * recommends; expired entitlements are left out. It has 10 s. Without it, each event is taken as it is:
   * enough where no customer has two subscriptions. A transfer then only takes, since its event does not
   * contain what it gives. */
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

/** What an event means for access, by RevenueCat's documentation of its webhooks (read 2026-11). */
const MEANINGS: ReadonlyMap<string, 'has' | 'ends' | 'moves'> = new Map([
  ['INITIAL_PURCHASE', 'has'],
  ['RENEWAL', 'has'],
  ['UNCANCELLATION', 'has'],
  ['NON_RENEWING_PURCHASE', 'has'],
  ['SUBSCRIPTION_EXTENDED', 'has'],
  ['TEMPORARY_ENTITLEMENT_GRANT', 'has'],
  ['REFUND_REVERSED', 'has'],
  // Access lasts until what was paid for ends; after a refund that is in the past.
  ['CANCELLATION', 'has'],
  ['BILLING_ISSUE', 'has'],
  ['SUBSCRIPTION_PAUSED', 'has'],
  ['EXPIRATION', 'ends'],
  ['TRANSFER', 'moves'],
]);

/**
 * Gives users the plans that they bought through RevenueCat, from the next call on; mount it where its
 * webhooks arrive. Repeats and late events change nothing. Answers 200 for what is done or does not
 * concern access, 401 without the agreed `Authorization`, 400 for what is no event, and 500, with an
 * event `failed`, when the store or `entitlementsOf` fails: RevenueCat then sends it again.
 */
export function revenueCatWebhook(options: RevenueCatOptions): Mountable {
  const settings = parseOrThrow(optionsSchema(revenueCatShape), options, 'revenueCatWebhook');
  const expected = digest(settings.authorization);
  const apply = createApply(settings);
  return webhook(settings.guard, async (request) => {
    const sent = request.header('authorization') ?? '';
    if (!timingSafeEqual(digest(sent), expected)) return UNAUTHORIZED;
    const event = await readEvent(request);
    if (isDenial(event)) return event;
    if (event.environment !== 'SANDBOX' || settings.sandbox) await apply(event);
    return undefined;
  });
}

const UNAUTHORIZED = deny(
  'invalid_credential',
  'The "Authorization" header is not the agreed one.',
);

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

async function readEvent(request: GuardRequest): Promise<RevenueCatEvent | Denial> {
  const body = await readJson(request, BODY);
  if (isDenial(body)) return body;
  const parsed = payloadShape.safeParse(body.value);
  if (parsed.success) return parsed.data.event;
  const param = parsed.error.issues[0]?.path.join('.') ?? 'event';
  return deny('invalid_request', `"${param}" is not as RevenueCat sends it.`, { param });
}

function createApply(options: RevenueCatSettings): (event: RevenueCatEvent) => Promise<void> {
  const { entitlementsOf } = options;
  const hasNow = async (userId: string, ask: NonNullable<typeof entitlementsOf>) => {
    const answered = await withHookDeadline(ask(userId), HOOK_MS_MAX, 'entitlementsOf');
    const nowMs = Date.now();
    // RevenueCat lists what a customer had, too.
    return answered.filter(({ expiresAtMs = nowMs + 1 }) => !(expiresAtMs <= nowMs));
  };
  return async (event) => {
    const meaning = MEANINGS.get(event.type);
    if (meaning === undefined) return;
    const said = entitlementsIn(event);
    const moves = meaning === 'moves';
    // What is bought or ends beside any plan, such as a pack of coins, says nothing of the plan.
    if (!moves && entitlementsOf === undefined && plansOf(options, said).length === 0) return;
    for (const userId of moves ? movedUsers(event, entitlementsOf) : userOf(event)) {
      const has = entitlementsOf && (await hasNow(userId, entitlementsOf));
      await push(options, userId, has ?? (meaning === 'has' ? said : []), event);
    }
  };
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

/** What gives a plan, with the plan that it gives. */
const plansOf = ({ plans }: RevenueCatSettings, entitlements: readonly Entitlement[]) =>
  entitlements.flatMap(({ id, expiresAtMs }) => {
    const plan = Object.hasOwn(plans, id) ? plans[id] : undefined;
    return plan === undefined ? [] : [{ plan, expiresAtMs }];
  });

/** `undefined`, which is for ever, is later than any time. */
function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length < times.length || known.length === 0 ? undefined : Math.max(...known);
}

const entitlementsIn = (event: RevenueCatEvent): Entitlement[] => {
  const expiresAtMs = event.grace_period_expiration_at_ms ?? event.expiration_at_ms ?? undefined;
  return (event.entitlement_ids ?? []).map((id) => ({ id, expiresAtMs }));
};

/** RevenueCat's own name for a customer who has not logged in to the app. */
const isAnonymous = (userId: string) => userId.startsWith('$RCAnonymousID:');

/** The customer by the app's own id, under whichever of his names it is; nobody when he has none. */
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
