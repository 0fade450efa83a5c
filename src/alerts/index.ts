export { type AlertWebhook, type AlertWebhookOptions, alertWebhook } from './alert-webhook.ts';
