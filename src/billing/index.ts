export { type Entitlement, type RevenueCatOptions, revenueCatWebhook } from './revenue-cat.ts';
export {
  type StripeMeter,
  type StripeMeterClient,
  type StripeMeterOptions,
  stripeMeter,
} from './stripe-meter.ts';
export {
  type StripeWebhookClient,
  type StripeWebhookOptions,
  stripeWebhook,
} from './stripe-webhook.ts';
