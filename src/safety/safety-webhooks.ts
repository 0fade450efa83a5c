import { LRUCache } from 'lru-cache';
import { z } from 'zod';
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

/** What OpenAI decided about one user of yours. */
export interface SafetyNotice extends SafetyEvent {
  /** What OpenAI did: warned about the user, or deactivated them. */
  readonly kind: 'warning' | 'deactivation';
  /** Your user, found by the end-user id. */
  readonly userId: string;
  /** The case at OpenAI (`C-…`). */
  readonly caseId: string;
}

/** What you do about a notice. When it throws, OpenAI sends the notice again. */
export type SafetyAction = (notice: SafetyNotice) => void | Promise<void>;

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES_MIN = 16;
const ACTION_MS_MAX = 5_000;
const REASON_LENGTH_MAX = 500;
const NO_REASON = 'OpenAI has deactivated this user.';

const safetyWebhooksShape = {
  /** The guard whose users are meant. */
  guard: objectWith<Guard>(['on', 'close'], 'must be a guard'),
  /** The official SDK, 5.18 or later, with a key that may read safety cases (`api.safety.read`). */
  client: z.custom<SafetyClient>(isClient, 'must be an OpenAI client of 5.18 or later'),
  /** The signing secret of the webhook at OpenAI (`whsec_…`). `undefined`, such as an environment
   * variable that is not set, is a `TypeError`. */
  secret: secretText(
    (text) => secretBytes(text) >= SECRET_BYTES_MIN,
    'must be the signing secret of the webhook; is its environment variable set?',
  ),
  /** Called once for each warning about a user; it has 5 s. Without it, the event `safety` is all. */
  onWarning: callback<SafetyAction>().optional(),
  /** Called once for each deactivation of a user, in place of the block; it has 5 s. Without it, the user
   * is blocked, in every process within 1 s. */
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

/** An empty key would verify what anybody signs with it. */
function secretBytes(secret: string): number {
  return secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64').byteLength
    : Buffer.byteLength(secret);
}

/** Of everything OpenAI sends to webhooks, what concerns a user; checked against its SDK 7.57. */
const KINDS: ReadonlyMap<string, SafetyNotice['kind']> = new Map([
  ['safety.warning_issued', 'warning'],
  ['safety.deactivation_issued', 'deactivation'],
]);
const eventShape = z.object({ type: z.string(), data: z.unknown() });
/** It becomes part of a URL. */
const noticeShape = z.object({ id: z.string().regex(/^C-[\w-]{1,128}$/) });

/**
 * Does to a user here what OpenAI decided about them there; mount it where OpenAI's webhooks arrive.
 * Nothing happens without OpenAI's signature. Each notice is the event `safety`; a deactivation blocks
 * its user. Repeats and late notices change nothing more. Answers 200 for what is done, is of another
 * kind or names nobody here, 400 for a wrong signature, and 500, with an event `failed`, when OpenAI,
 * the store or an action fails: OpenAI then sends it again.
 */
export function safetyWebhooks(options: SafetyWebhooksOptions): Mountable {
  const settings = parseOrThrow(optionsSchema(safetyWebhooksShape), options, 'safetyWebhooks');
  const { guard } = settings;
  return webhook(guard, createHandle(settings, createAct(settings, eventsOf(guard))));
}

const WRONG_SIGNATURE = deny('invalid_request', 'The signature is missing, wrong or too old.');

type Act = (kind: SafetyNotice['kind'], found: SafetyCase) => Promise<void>;

function createHandle(
  { client, secret }: SafetySettings,
  act: Act,
): (request: GuardRequest) => Promise<Denial | undefined> {
  return async (request) => {
    const payload = await readSignedBody(request);
    const signed = await verify(client, payload, signatureOf(request), secret);
    if (!signed) return WRONG_SIGNATURE;
    const { type, data } = eventShape.parse(signed.event);
    const kind = KINDS.get(type);
    if (kind !== undefined) {
      await act(kind, await readSafetyCase(client, noticeShape.parse(data).id));
    }
    return undefined;
  };
}

/** Each once: two of one name could mean two things to two readers. */
function signatureOf(request: GuardRequest): Record<string, string> {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const values = names.map((name) => ({ name, value: request.header(name) }));
  return Object.fromEntries(values.flatMap(({ name, value }) => (value ? [[name, value]] : [])));
}

/** `undefined` when OpenAI did not sign it, just now. */
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

/** Cases that are dealt with; a repeat of an older one is harmless, too. */
const DONE_CASES_MAX = 1_000;

function createAct(settings: SafetySettings, events: Events): Act {
  const { guard } = settings;
  const done = new LRUCache<string, true>({ max: DONE_CASES_MAX });
  const block: SafetyAction = ({ userId, reason = NO_REASON }) =>
    guard.users.block(userId, { reason: reason.slice(0, REASON_LENGTH_MAX) });
  const { onWarning = () => {}, onDeactivation = block } = settings;
  return async (kind, { id: caseId, endUserId, reason }) => {
    const key = `${kind} ${caseId}`;
    if (done.has(key)) return;
    const userId = await guard.users.byEndUserId(endUserId);
    const notice = { kind, userId, endUserId, reason, caseId };
    if (userId !== undefined) {
      const pending = (kind === 'warning' ? onWarning : onDeactivation)({ ...notice, userId });
      await withHookDeadline(pending, ACTION_MS_MAX, kind);
      done.set(key, true);
    }
    events.emit('safety', notice);
  };
}
