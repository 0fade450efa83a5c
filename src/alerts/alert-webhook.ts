import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { duration } from '../base/duration.ts';
import {
  type OptionalOptions,
  objectWith,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
  secretText,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { AlertError } from '../core/errors.ts';
import { eventsOf, type GuardEvents } from '../core/events.ts';
import { kindOf } from '../core/failure-line.ts';
import type { Guard } from '../guard/create-guarded-completion.ts';
import { AlertDelivery } from './alert-delivery.ts';
import { type AlertEventName, alertNames, alertOf } from './alert-events.ts';
import { bodies, SECRET_PREFIX } from './alert-formats.ts';

/** Sends the alerts of a guard until it is closed. */
export interface AlertWebhook {
  /** Listens no more, and resolves when each alert so far is delivered or given up. After `graceMs` (default
   * 10,000) the rest is given up. Close the guard first. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

const TRIES_MAX = 10;
const GRACE_MS_DEFAULT = 10_000;
/** By Standard Webhooks 1.0. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
const KINDS_MAX = 100;
const SAME_KIND_MS = 60_000;

const alertWebhookShape = {
  /** The guard whose events are sent. */
  guard: objectWith<Guard>(['on', 'close'], 'must be a guard'),
  /** Where alerts are sent: `https:`, or `http:` on this machine. Redirects are not followed. */
  url: secretText(
    isGoodUrl,
    'must be a URL with "https:" and without user and password; is its environment variable set?',
  ),
  /** Signs each alert: `whsec_` and 24 to 64 bytes in base64. Needed for the format `standard`, and only there. */
  secret: z
    .string()
    .refine(isGoodSecret, {
      error: `must be "${SECRET_PREFIX}" and ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes in base64`,
    })
    .or(z.undefined())
    .optional(),
  /** `standard`: JSON, signed by Standard Webhooks 1.0. `slack` and `discord`: one sentence, for their incoming
   * webhooks.
   * @default 'standard' */
  format: z.enum(['standard', 'slack', 'discord']).default('standard'),
  /** The events that are sent: `threshold`, `degraded`, `recovered`, `stopped`, `resumed`, `failed`. Of `failed`,
   * one of each kind in a minute.
   * @default ['threshold'] */
  events: z
    .array(z.enum(alertNames, { error: `must be one of "${alertNames.join('", "')}"` }))
    .min(1)
    .readonly()
    .default(['threshold']),
  /** How long the receiver may take to answer.
   * @default '10s' */
  timeout: duration.prefault('10s'),
  /** How often an alert is tried, 1 to 10 times.
   * @default 4 */
  tries: z.int().min(1).max(TRIES_MAX).default(4),
  /** The pause before the second attempt; each further one is twice as long, at most 20 s.
   * @default '1s' */
  backoff: duration.prefault('1s'),
};

/** The options of `alertWebhook`. */
export interface AlertWebhookOptions
  extends RequiredOptions<typeof alertWebhookShape>,
    OptionalOptions<typeof alertWebhookShape> {}

type AlertSettings = ParsedOptions<typeof alertWebhookShape>;

/**
 * Sends events of a guard to a webhook, to Slack or to Discord. A `threshold` is sent by one of all processes,
 * and the others by each process in which they happen. Contains no prompt, no key and no credential.
 *
 * An alert is tried again after 408, 429, 5xx, and where the receiver cannot be reached, and each time with the
 * same `webhook-id`. An alert that is given up is a `failed` event of the source `webhook`, which alert webhooks do not
 * send. A `threshold` that was given up is sent again with a later call, a minute later at the earliest. At most
 * 1,000 alerts wait; the oldest is dropped then. They are lost when the process ends without `close`. Wrong
 * options are `TypeError`s.
 *
 * @example
 * ```ts
 * const alerts = alertWebhook({
 *   guard,
 *   url: process.env.SLACK_WEBHOOK_URL,
 *   format: 'slack',
 *   events: ['threshold', 'degraded', 'recovered'],
 * });
 * ```
 */
export function alertWebhook(options: AlertWebhookOptions): AlertWebhook {
  const settings = parseOrThrow(optionsSchema(alertWebhookShape), options, 'alertWebhook');
  requireSecret(settings);
  const { guard, timeout, backoff, tries, secret } = settings;
  const url = new URL(settings.url);
  const events = eventsOf(guard);
  const onLost = (error: AlertError) => events.emit('failed', { source: 'webhook', error });
  const times = { timeoutMs: timeout, backoffMs: backoff, tries };
  const delivery = new AlertDelivery({ url, secret, ...times, onLost });
  const stops = listen(settings, delivery);
  return {
    async close({ graceMs = GRACE_MS_DEFAULT } = {}) {
      for (const stop of stops) stop();
      await delivery.close(graceMs);
    },
  };
}

/** Returns what stops each listener. */
function listen({ guard, events, format }: AlertSettings, delivery: AlertDelivery) {
  const send = <Name extends AlertEventName>(name: Name, event: GuardEvents[Name]) => {
    const body = JSON.stringify(bodies[format](name, alertOf(name, event), Date.now()));
    return delivery.send({ id: idOf(event), body });
  };
  const isNews = newKinds();
  return [...new Set(events)].map((name) => {
    // The guard waits for it, and has it sent again if it is lost.
    if (name === 'threshold') return guard.on(name, (event) => send(name, event));
    return guard.on(name, (event: GuardEvents[typeof name]) => {
      if ('source' in event && !isNews(event)) return;
      // It is reported by then.
      send(name, event as never).catch(() => {});
    });
  });
}

/** Returns whether a failure is the first of its kind in a minute. Throws those of alerts, for the log. */
function newKinds(): (event: GuardEvents['failed']) => boolean {
  const known = new LRUCache<string, true>({ max: KINDS_MAX, ttl: SAME_KIND_MS });
  return (event) => {
    if (event.error instanceof AlertError) throw event.error;
    const kind = kindOf(event);
    if (known.has(kind)) return false;
    known.set(kind, true);
    return true;
  };
}

const idOf = (event: object): string =>
  'id' in event ? String(event.id) : `msg_${randomUUID().replaceAll('-', '')}`;

function requireSecret({ format, secret }: AlertSettings): void {
  if ((format === 'standard') === (secret !== undefined)) return;
  throw new TypeError(
    format === 'standard'
      ? '"alertWebhook.secret" is needed to sign alerts; is its environment variable set?'
      : `"alertWebhook.secret" is not used with the format "${format}"`,
  );
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function isGoodUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
}

function isGoodSecret(text: string): boolean {
  if (!text.startsWith(SECRET_PREFIX)) return false;
  const { byteLength } = Buffer.from(text.slice(SECRET_PREFIX.length), 'base64');
  return byteLength >= SECRET_BYTES_MIN && byteLength <= SECRET_BYTES_MAX;
}
