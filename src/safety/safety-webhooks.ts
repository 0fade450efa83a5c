import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { withHookDeadline } from '../base/deadline.ts';
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
  readonly kind: 'warning' | 'deactivation';
  readonly userId: string;
  readonly caseId: string;
}

export type SafetyAction = (notice: SafetyNotice) => void | Promise<void>;

export interface SafetyWebhooksOptions {
  readonly guard: Guard;
  /** The official SDK, 5.18 or later, with a key that may read safety cases (`api.safety.read`). */
  readonly client: SafetyClient;
  /** The signing secret of the webhook at OpenAI (`whsec_…`). `undefined`, an environment variable that
   * is not set, is a `TypeError`. */
  readonly secret: string | undefined;
  /** Default: nothing besides the event `safety`. */
  readonly onWarning?: SafetyAction;
  /** In place of the default, which blocks the user, in every process within 1 s. */
  readonly onDeactivation?: SafetyAction;
}

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES_MIN = 16;
const ACTION_MS_MAX = 5_000;
const REASON_LENGTH_MAX = 500;
const NO_REASON = 'OpenAI has deactivated this user.';

const action = z.custom<SafetyAction>((value) => typeof value === 'function', 'must be a function');
const NO_SECRET = {
  error: 'must be the signing secret of the webhook; is its environment variable set?',
};
const optionsShape = z.strictObject({
  guard: z.custom<Guard>((value) => typeof value === 'object', 'must be a guard'),
  client: z.custom<SafetyClient>(isClient, 'must be an OpenAI client of 5.18 or later'),
  secret: z.string(NO_SECRET).refine((text) => secretBytes(text) >= SECRET_BYTES_MIN, NO_SECRET),
  onWarning: action.optional(),
  onDeactivation: action.optional(),
});

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
  const { secret } = parseOrThrow(optionsShape, options, 'safetyWebhooks');
  const handle = createHandle(options, secret, createAct(options, eventsOf(options.guard)));
  return webhook(options.guard, handle);
}

const WRONG_SIGNATURE = deny('invalid_request', 'The signature is missing, wrong or too old.');

type Act = (kind: SafetyNotice['kind'], found: SafetyCase) => Promise<void>;

function createHandle(
  { client }: SafetyWebhooksOptions,
  secret: string,
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

function createAct({ guard, ...actions }: SafetyWebhooksOptions, events: Events): Act {
  const done = new LRUCache<string, true>({ max: DONE_CASES_MAX });
  const block: SafetyAction = ({ userId, reason = NO_REASON }) =>
    guard.users.block(userId, { reason: reason.slice(0, REASON_LENGTH_MAX) });
  const { onWarning = () => {}, onDeactivation = block } = actions;
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
