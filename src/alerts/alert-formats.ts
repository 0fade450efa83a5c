import { createHmac } from 'node:crypto';
import type { Alert } from './alert-events.ts';

export type AlertFormat = 'standard' | 'slack' | 'discord';

/** What is sent, the same at each attempt. */
export interface AlertMessage {
  readonly id: string;
  readonly body: string;
}

/** Writes an alert as its receiver takes it. */
export const bodies: Readonly<
  Record<AlertFormat, (name: string, alert: Alert, atMs: number) => unknown>
> = {
  standard: (type, { data }, atMs) => ({ type, timestamp: new Date(atMs).toISOString(), data }),
  slack: (_, { text }) => ({ text: escapedForSlack(text) }),
  discord: (_, { text }) => ({
    content: escapedForDiscord(text).slice(0, DISCORD_LENGTH_MAX),
    allowed_mentions: { parse: [] },
  }),
};

/** Discord's limit, from its API reference (read 2026-11). */
const DISCORD_LENGTH_MAX = 2_000;

/** Slack reads mentions and links only between `<` and `>` (its reference, read 2026-11). */
const escapedForSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Markdown, mentions and links become plain text. */
const escapedForDiscord = (text: string): string => text.replace(/[\\*_~`|<>[\]()@#:]/g, '\\$&');

export const SECRET_PREFIX = 'whsec_';

/** Returns the headers of one attempt, by Standard Webhooks 1.0. */
export function signedHeaders(
  { id, body }: AlertMessage,
  secret: string,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
