export { errorReply, openAIErrors, redirectTo } from './fake-openai/error-replies.ts';
export { type FakeOpenAI, type FakeOpenAIOptions, fakeOpenAI } from './fake-openai/fake-openai.ts';
export type { Gate } from './fake-openai/gate.ts';
export type { FakeDialect } from './fake-openai/host.ts';
export type { InvoiceLine, InvoiceTotals } from './fake-openai/invoice.ts';
export type {
  FakeRateLevels,
  FakeRateLimitOptions,
  FakeRateLimits,
} from './fake-openai/rate-limits.ts';
export type { FakeSafetyCase } from './fake-openai/safety-cases.ts';
export type { Reply, Script, ScriptedToolCall, ScriptFor } from './fake-openai/script.ts';
export { headerOf, type SeenRequest } from './fake-openai/seen-request.ts';
export {
  type SignedWebhook,
  signedWebhook,
  type WebhookSigning,
} from './fake-openai/signed-webhook.ts';
export { type Fault, type FaultProxy, faultProxy, type ProxiedConnection } from './fault-proxy.ts';
export {
  type LedgerCapabilities,
  type LedgerUnderTest,
  ledgerConformance,
  type SettableClock,
  type TestRunner,
} from './ledger-conformance.ts';
