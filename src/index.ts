export type { BlockSpec } from './accounts/block.ts';
export type { Grant } from './accounts/grant.ts';
export type { CreditUsage, LimitUsage } from './accounts/limit-usage.ts';
export type { Page, PageSpec } from './accounts/page.ts';
export type { Clock } from './base/clock.ts';
export type { Known } from './base/known.ts';
export type { DeniedEvent, SettledEvent } from './core/call-events.ts';
export { type BrokenLimit, type Denial, type DenialCode, denialCodes } from './core/denial.ts';
export { LedgerError } from './core/errors.ts';
export type {
  DegradedEvent,
  FailedEvent,
  GuardEvents,
  PriceChange,
  PricesEvent,
  RecoveredEvent,
  ResumedEvent,
  SafetyEvent,
  StoppedEvent,
} from './core/events.ts';
export type { Group, GroupSpec } from './core/group.ts';
export type { GuardedEvent } from './core/guarded-event.ts';
export type {
  AccountLevel,
  ShadowLimit,
  ThresholdEvent,
  WouldDenyEvent,
} from './core/limit-events.ts';
export type { GuardLogger } from './core/operator-log.ts';
export type { BodyRoom, GuardRequest, RequestBody } from './core/request.ts';
export type { ByteSink, ByteSource, GuardResponse } from './core/response.ts';
export type { UpstreamFailure } from './core/upstream-failure.ts';
export type { Usage, UsageDoubt } from './core/usage.ts';
export type { User, UserId, UserSpec } from './core/user.ts';
export type { Groups, GroupUsage } from './groups/groups.ts';
export type { GroupsOf } from './groups/user-groups.ts';
export { createGuardedCompletion, type Guard } from './guard/create-guarded-completion.ts';
export type { SetPricesOptions } from './guard/set-prices.ts';
export type { Mountable } from './http/mountable.ts';
export { toNodeHandler } from './http/node.ts';
export type { Amounts, Unit } from './ledger/amounts.ts';
export type * from './ledger/ledger.ts';
export { memoryLedger } from './ledger/memory/memory-ledger.ts';
export type { MemoryLedgerOptions } from './ledger/memory/memory-options.ts';
export {
  ANY_KEY,
  type ListedRecord,
  type ListOptions,
  type RecordListener,
  type RecordPage,
  type Records,
  type StoredRecord,
} from './ledger/records.ts';
export type {
  CalledToolSpec,
  ContainerMemory,
  ContainerToolSpec,
  HostedToolName,
  HostedToolsSpec,
  ImageGenerationSpec,
  ImageQuality,
  WebSearchSpec,
} from './openai/prices/hosted-tools.ts';
export type {
  LikePrice,
  LongTokenPrices,
  ModelPrice,
  ModelPrices,
  OwnSearches,
  TokenPrices,
} from './openai/prices/model-price.ts';
export { type ReadPricesOptions, readPrices } from './openai/prices/read-prices.ts';
export type {
  AllowancesSpec,
  AudioAllowanceSpec,
  FileAllowanceSpec,
  ImageAllowanceSpec,
  InputBound,
} from './openai/request/allowances.ts';
export type {
  RealtimeAllowanceSpec,
  RealtimeSession,
  ReserveSpec,
} from './openai/request/realtime-allowance.ts';
export type { Bounds } from './options/bounds.ts';
export type { CorsSpec } from './options/cors-options.ts';
export type { ExchangeSpec } from './options/exchange-options.ts';
export type { GroupKindSpec } from './options/group-options.ts';
export type { GuardOptions } from './options/guard-options.ts';
export type { BeforeSpec, LimiterSpec } from './options/hook-options.ts';
export type { PlanSpec } from './options/plan-options.ts';
export type { LedgerFailureSpec, TimeoutSpec, TokensSpec } from './options/timeouts.ts';
export {
  type BeforeHook,
  type BeforeResult,
  type DenyRequestOptions,
  denyRequest,
  type HookContext,
  type HookDenialCode,
  type HookedAmounts,
  type Limiter,
  type LimiterResult,
  type ModerationInput,
  type ModerationResult,
} from './pipeline/hook.ts';
export type { EndUserIdOf } from './pipeline/tag.ts';
export type { Duration, LimitSpec, Per, Period } from './plans/limit-spec.ts';
export type { PlanNames } from './plans/plan-names.ts';
export {
  type FlaggedContent,
  type ModerateSpec,
  moderate,
  type OnFlag,
} from './safety/moderate.ts';
export type { ServiceStops } from './stops/service-stops.ts';
export type { ServiceStop } from './stops/stop-list.ts';
export type { StopScope, StopSpec } from './stops/stop-options.ts';
export type { ListedToken } from './tokens/token-list.ts';
export type { IssuedToken, TokenRequest, Tokens } from './tokens/tokens.ts';
export type { ApiKey, ApiKeySource, KeyRequest } from './upstream/upstream-keys.ts';
export type { GuardUsage } from './usage/guard-usage.ts';
export type { BlockedUser } from './users/blocked-users.ts';
export type { ListedUser } from './users/end-user-ids.ts';
export type { UserGroupUsage, UserUsage } from './users/usage.ts';
export type { SetPlanOptions } from './users/user-options.ts';
export type { Users } from './users/users.ts';
