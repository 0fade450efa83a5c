import { createHmac, randomUUID } from 'node:crypto';

/** A webhook that is ready to be sent. */
export interface SignedWebhook {
  /** The headers, the signature included. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON text that is signed. */
  readonly body: string;
}

/** How a webhook is signed. */
export interface WebhookSigning {
  /** The secret as OpenAI shows it (`whsec_…`), or any string. */
  readonly secret: string;
  /** When it was signed, Unix ms. Default now. */
  readonly atMs?: number;
  /** The same for every repeat of one webhook. Default: a new id. */
  readonly id?: string;
}

/**
 * Makes a webhook as OpenAI sends it, signed as in Standard Webhooks. POST it to your endpoint.
 *
 * @example
 * ```ts
 * const event = { type: 'safety.warning_issued', data: { id: 'C-00000001' } };
 * const notice = signedWebhook(event, { secret: process.env.OPENAI_WEBHOOK_SECRET ?? '' });
 * await fetch('http://127.0.0.1:3000/openai/webhooks', { method: 'POST', ...notice });
 * ```
 */
export function signedWebhook(
  event: { readonly type: string; readonly data: unknown },
  { secret, atMs = Date.now(), id = `wh_${randomUUID()}` }: WebhookSigning,
): SignedWebhook {
  const seconds = Math.floor(atMs / 1000);
  const body = JSON.stringify({ id: `evt_${id}`, object: 'event', created_at: seconds, ...event });
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    },
  };
}
