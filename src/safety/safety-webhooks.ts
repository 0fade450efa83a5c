import { LRUCache } from 'lru-cache';
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
import { type Denial, deny } from '../core/denial.ts';
import { type Events, eventsOf, type SafetyEvent } from '../core/events.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Guard } from '../guard/create-guarded-completion.ts';
import type { Mountable } from '../http/mountable.ts';
import { readSignedBody } from '../http/request-parts.ts';
import { webhook } from '../http/webhook.ts';
import { readSafetyCase, type SafetyCase, type SafetyClient } from './safety-case.ts';

export type { SafetyClient } from './safety-case.ts';

/** A decision of OpenAI about one of your users. */
export interface SafetyNotice extends SafetyEvent {
  /** Whether OpenAI warned about the user or deactivated them. */
  readonly kind: 'warning' | 'deactivation';
  /** Your user, found by the end-user id. */
  readonly userId: string;
  /** The case at OpenAI (`C-…`). */
  readonly caseId: string;
}

/** Your app's reaction to a notice. If it throws, OpenAI sends the notice again. */
export type SafetyAction = (notice: SafetyNotice) => void | Promise<void>;

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES_MIN = 16;
const ACTION_MS_MAX = 5_000;
const REASON_LENGTH_MAX = 500;
const NO_REASON = 'OpenAI has deactivated this user.';

const safetyWebhooksShape = {
  /** The guard whose users the notices concern. */
  guard: objectWith<Guard>(['on', 'close'], 'must be a guard'),
  /** The official SDK, 5.18 or later, with a key that may read safety cases (`api.safety.read`). */
  client: z.custom<SafetyClient>(isClient, 'must be an OpenAI client of 5.18 or later'),
  /** The signing secret of the webhook at OpenAI (`whsec_…`). `undefined`, as from an environment
   * variable that is not set, is a `TypeError`. */
  secret: secretText(
    (text) => secretBytes(text) >= SECRET_BYTES_MIN,
    'must be the signing secret of the webhook; is its environment variable set?',
  ),
  /** Called once for each warning; it has 5 s. Without it, there is only the event `safety`. */
  onWarning: callback<SafetyAction>().optional(),
  /** Called once for each deactivation; it has 5 s. Without it, the user is blocked, in every process
   * within 1 s. */
  onDeactivation: callback<SafetyAction>().optional(),
};

/** The options of `safetyWebhooks`. */
export interface SafetyWebhooksOptions
  extends RequiredOptions<typeof safetyWebhooksShape>,
    OptionalOptions<typeof safetyWebhooksShape> {}

type SafetySettings = ParsedOptions<typeof safetyWebhooksShape>;

function isClient(value: unknown): boolean {
  const { webhooks } = Object(value) as { readonly webhooks?: object };
  return webhooks !== undefined && 'unwrap' in webhooks;
}

/** Anyone could sign with an empty key. */
function secretBytes(secret: string): number {
  return secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64').byteLength
    : Buffer.byteLength(secret);
}

/** The webhooks of OpenAI that concern a user, checked against its SDK 7.57. */
const KINDS: ReadonlyMap<string, SafetyNotice['kind']> = new Map([
  ['safety.warning_issued', 'warning'],
  ['safety.deactivation_issued', 'deactivation'],
]);
const eventShape = z.object({ type: z.string(), data: z.unknown() });
/** It becomes part of a URL. */
const noticeShape = z.object({ id: z.string().regex(/^C-[\w-]{1,128}$/) });

/**
 * Applies OpenAI's decisions about users to your users. Mount it where OpenAI's webhooks arrive.
 * Nothing happens without OpenAI's signature. Each notice is a `safety` event, and a deactivation
 * blocks its user. Repeats and late notices change nothing.
 *
 * The response is 200 for a notice that was processed, is of another kind or concerns no known user,
 * and 400 for a wrong signature. If OpenAI, the store or an action fails, the response is 500 and there
 * is a `failed` event. OpenAI then sends the webhook again.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import OpenAI from 'openai';
 *
 * const webhook = safetyWebhooks({
 *   guard,
 *   client: new OpenAI({ apiKey: process.env.OPENAI_SAFETY_KEY }),
 *   secret: process.env.OPENAI_WEBHOOK_SECRET,
 * });
 * express().use('/openai/webhooks', guardExpress(webhook));
 * ```
 */
export function safetyWebhooks(options: SafetyWebhooksOptions): Mountable {
  const settings = parseOrThrow(optionsSchema(safetyWebhooksShape), options, 'safetyWebhooks');
  const actions = new SafetyActions(settings, eventsOf(settings.guard));
  return webhook(settings.guard, (request) => handle(request, settings, actions));
}

const WRONG_SIGNATURE = deny('invalid_request', 'The signature is missing, wrong or too old.');

async function handle(
  request: GuardRequest,
  { client, secret }: SafetySettings,
  actions: SafetyActions,
): Promise<Denial | undefined> {
  const payload = await readSignedBody(request);
  const signed = await verify(client, payload, signatureOf(request), secret);
  if (!signed) return WRONG_SIGNATURE;
  const { type, data } = eventShape.parse(signed.event);
  const kind = KINDS.get(type);
  if (kind !== undefined) {
    await actions.take(kind, await readSafetyCase(client, noticeShape.parse(data).id));
  }
  return undefined;
}

/** A header that was sent twice is left out, because two readers could read it differently. */
function signatureOf(request: GuardRequest): Record<string, string> {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const values = names.map((name) => ({ name, value: request.header(name) }));
  return Object.fromEntries(values.flatMap(({ name, value }) => (value ? [[name, value]] : [])));
}

/** Returns `undefined` without a recent signature of OpenAI. */
async function verify(
  { webhooks }: SafetyClient,
  payload: string,
  headers: Record<string, string>,
  secret: string,
): Promise<{ readonly event: unknown } | undefined> {
  try {
    return { event: await webhooks.unwrap(payload, headers, secret) };
  } catch {
    return undefined;
  }
}

/** Cases that are done. A repeat of an older case is harmless too. */
const DONE_CASES_MAX = 1_000;

class SafetyActions {
  readonly #guard: Guard;
  readonly #events: Events;
  readonly #actions: Readonly<Record<SafetyNotice['kind'], SafetyAction>>;
  readonly #done = new LRUCache<string, true>({ max: DONE_CASES_MAX });

  constructor({ guard, onWarning, onDeactivation }: SafetySettings, events: Events) {
    this.#guard = guard;
    this.#events = events;
    const block: SafetyAction = ({ userId, reason = NO_REASON }) =>
      guard.users.block(userId, { reason: reason.slice(0, REASON_LENGTH_MAX) });
    this.#actions = { warning: onWarning ?? (() => {}), deactivation: onDeactivation ?? block };
  }

  async take(kind: SafetyNotice['kind'], safetyCase: SafetyCase): Promise<void> {
    const { id: caseId, endUserId, reason } = safetyCase;
    const key = `${kind} ${caseId}`;
    if (this.#done.has(key)) return;
    const userId = await this.#guard.users.byEndUserId(endUserId);
    const notice = { kind, userId, endUserId, reason, caseId };
    if (userId !== undefined) {
      const pending = this.#actions[kind]({ ...notice, userId });
      await withHookDeadline(pending, ACTION_MS_MAX, kind);
      this.#done.set(key, true);
    }
    this.#events.emit('safety', notice);
  }
}
