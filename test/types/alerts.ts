import type { Guard, ThresholdEvent } from 'guarded-completion';
import {
  type AlertWebhook,
  type AlertWebhookOptions,
  alertWebhook,
} from 'guarded-completion/alerts';
import { assertType, type Equal } from './assert.ts';

/** Compiled, never run: what an alert webhook takes. */
export function alerts(
  guard: Guard<'free' | 'pro'>,
  url: string,
  secret: string | undefined,
): void {
  assertType<Equal<ReturnType<typeof alertWebhook>, AlertWebhook>>();
  assertType<Equal<Parameters<typeof alertWebhook>, [options: AlertWebhookOptions]>>();
  assertType<Equal<ThresholdEvent['level'], 'token' | 'user' | 'group' | 'global'>>();
  alertWebhook({ guard, url, secret });
  alertWebhook({ guard, url, format: 'slack', events: ['threshold', 'failed'], tries: 2 });
  alertWebhook({ guard, url, secret, timeout: '5s', backoff: '500ms' });
  // @ts-expect-error alerts need an address
  alertWebhook({ guard, secret });
  // @ts-expect-error too many of these happen
  alertWebhook({ guard, url, secret, events: ['settled'] });
  // @ts-expect-error an unknown format
  alertWebhook({ guard, url, format: 'teams' });
}
