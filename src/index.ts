export type { User } from './auth/authenticator.ts';
export type { Clock } from './clock.ts';
export { createGuardedCompletion, type Guard } from './create-guarded-completion.ts';
export {
  type BrokenLimit,
  type Denial,
  type DenialCode,
  denialCodes,
  LedgerError,
} from './errors.ts';
export type {
  DegradedEvent,
  DeniedEvent,
  FailedEvent,
  GuardEvents,
  RecoveredEvent,
  SafetyEvent,
  SettledEvent,
} from './events.ts';
export type {
  ByteSink,
  ByteSource,
  GuardAnswer,
  GuardRequest,
  RequestBody,
} from './exchange.ts';
export type { Mountable } from './http/mountable.ts';
export { toNodeHandler } from './http/node.ts';
export type * from './ledger/ledger.ts';
export { ANY_KEY } from './ledger/ledger.ts';
export { type MemoryLedgerOptions, memoryLedger } from './ledger/memory-ledger.ts';
export type { ModelPriceOverride } from './openai/prices.ts';
export type { AllowancesSpec } from './openai/request-policy.ts';
export type { HostedToolName, Usage } from './openai/usage.ts';
export type { Bounds, GuardOptions, PlanSpec } from './options.ts';
export type { ExchangeSpec } from './parse-exchange.ts';
export type { LimitSpec, Period } from './plans/limit.ts';
export type { Tagger } from './stages/tag.ts';
export type { ApiKey, ApiKeySource, KeyRequest } from './upstream/upstream-keys.ts';
export type { IssuedToken, TokenRequest, Tokens } from './users/tokens.ts';
export type { LimitUsage, UserUsage } from './users/usage.ts';
export type { Grant, Users } from './users/users.ts';
export type { LedgerFailureSpec, TimeoutSpec } from './waits.ts';
