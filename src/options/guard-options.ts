import { z } from 'zod';
import type { Authenticator } from '../auth/authenticator.ts';
import { userTokens } from '../auth/user-tokens.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { type DerivedKeys, deriveKeys } from '../base/derived-keys.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { User } from '../core/user.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { memoryLedger } from '../ledger/memory/memory-ledger.ts';
import { endpointNames } from '../openai/endpoints/descriptors.ts';
import { type ModelPriceOverride, type PriceList, priceList } from '../openai/prices/prices.ts';
import { type AllowancesSpec, parseAllowances } from '../openai/request/request-policy.ts';
import type { DrainBounds } from '../pipeline/drains.ts';
import { defaultEndUserId, type EndUserIdOf } from '../pipeline/tag.ts';
import type { LimitSpec } from '../plans/limit.ts';
import { parseLimits } from '../plans/parse-limits.ts';
import { modelList, type Plan } from '../plans/plan.ts';
import type { PlanOf } from '../plans/plan-resolver.ts';
import { type SharedLimits, sharedLimits } from '../plans/shared-limits.ts';
import type { ExchangeSettings } from '../tokens/token-exchange.ts';
import type { ApiKeySource } from '../upstream/upstream-keys.ts';
import { type ExchangeSpec, parseExchange } from './exchange-options.ts';
import {
  type LedgerFailureSpec,
  ledgerFailureShape,
  parseTimeouts,
  type TimeoutSpec,
  type Timeouts,
  timeoutsShape,
  tokensShape,
} from './timeouts.ts';

/** What the users of a plan may do. */
export interface PlanSpec {
  /** Exact model names, or prefixes with a `*` at the end (`'gpt-5*'`). */
  readonly models: readonly string[];
  /** Endpoints by name (`'chat.completions'`, `'responses'` …); default all that are served. */
  readonly endpoints?: readonly string[];
  /** Upper bound of one answer, reasoning included, in tokens; default 4,096. It is injected when a
   * client sends none, and a larger one is lowered to it. */
  readonly maxOutputTokens?: number;
  /** Upper bound of `n`, default 1. */
  readonly maxChoices?: number;
  /** All of them apply at once; none means unlimited. */
  readonly limits?: readonly LimitSpec[];
  /** What else its users may send: images, hosted tools …; default nothing. */
  readonly allow?: AllowancesSpec;
}

export interface GuardOptions {
  /** OpenAI's key, or how to get it (see `cachedSecret` of `guarded-completion/secrets`); asked at each
   * call for its user, and once more with `refused` when OpenAI refuses a key, so that it may rotate.
   * Never leaves the server. `undefined`, an environment variable that is not set, is a `TypeError` at
   * start. */
  readonly apiKey: string | undefined | ApiKeySource;
  /** Default `https://api.openai.com/v1`; any host that speaks OpenAI's wire. */
  readonly baseURL?: string;
  /** Sent as `OpenAI-Organization`. */
  readonly organization?: string;
  /** Sent as `OpenAI-Project`. */
  readonly project?: string;
  /** At least 32 bytes, the same in every process: seals access tokens and keys the end-user ids. A
   * new one ends all tokens and changes how OpenAI sees every user. */
  readonly secret: string | Uint8Array | undefined;
  /** Who is calling; default `userTokens()`. */
  readonly auth?: Authenticator;
  /** Where the counters live; default `memoryLedger()`, which serves one process. */
  readonly ledger?: Ledger;
  /** What is done while the store of the ledger fails, beside `onLedgerFailure` of each limit. */
  readonly ledgerFailure?: LedgerFailureSpec;
  readonly plans: Readonly<Record<string, PlanSpec>>;
  /** Which plan a user has; asked at each call. A promise is kept for `planTtl`. Of several plans the
   * most generous of each limit counts. `guard.users.setPlan` goes before it. Default `user.plan`, else
   * the only plan there is. */
  readonly planOf?: PlanOf;
  /** How long a looked-up plan is kept; default `'60s'`. `guard.users.changed(id)` ends it sooner. */
  readonly planTtl?: string;
  /** How long the last looked-up plan counts while look-ups fail; default `'1h'`. */
  readonly planStale?: string;
  /** Limits of everybody together. */
  readonly limits?: readonly LimitSpec[];
  /** Limits of all anonymous users together, so that they cannot use up what others need. */
  readonly anonymousLimits?: readonly LimitSpec[];
  /** USD per million tokens, by model name; before the built-in prices. */
  readonly prices?: Readonly<Record<string, ModelPriceOverride>>;
  /** How users are named towards OpenAI; default an HMAC of their id. */
  readonly endUserId?: EndUserIdOf;
  /** Default true: which user each of those names stands for is kept in the ledger's store for 400 days
   * after the last call, so that `guard.users.byEndUserId` finds whom OpenAI means. */
  readonly rememberEndUserIds?: boolean;
  /** Access tokens live for `ttl` (default `'1h'`) unless asked otherwise, and never longer than
   * `ttlMax` (default `'24h'`). */
  readonly tokens?: { readonly ttl?: string; readonly ttlMax?: string };
  /** What `guard.exchange` takes for a temporary key; without it there is no exchange. */
  readonly exchange?: ExchangeSpec;
  /** Names this app, where several guards have one secret: a key of another is worth nothing here.
   * Default none. */
  readonly audience?: string;
  /** Origins that may call from a browser, exactly as browsers send them; default none. */
  readonly cors?: { readonly origins: readonly string[] };
  readonly bounds?: Partial<Bounds>;
  /** All are durations like `'30s'`. */
  readonly timeouts?: TimeoutSpec;
  /** What happens when a client leaves before its answer has ended. Default `drain`: OpenAI's answer is
   * read to its end in the background, at most `bounds.drains` at once, and the call is charged what it
   * used. `abort`: the upstream connection is closed. A call that was cut is charged all that it held,
   * because OpenAI bills reasoning that it has not shown; for a model known to hide no output, its input
   * and what was delivered. */
  readonly onDisconnect?: 'abort' | 'drain';
  /** Calls OpenAI instead of undici: a proxy, another runtime, a test. */
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
}

export interface Bounds {
  /** Largest request body; default 4 MiB. */
  readonly bodyBytes: number;
  /** Largest answer that is no stream; default 64 MiB. */
  readonly answerBytes: number;
  /** Calls to OpenAI at once, in this process; default 1,000. */
  readonly inFlight: number;
  /** Calls that may wait for one of those; default 1,000. More get 503 `upstream_busy`. */
  readonly queued: number;
  /** Calls that are read to their end after their client left, in this process; default 200. One more
   * is cut, and charged all that it held. */
  readonly drains: number;
  /** The same for one user; default 5. */
  readonly drainsPerUser: number;
}

/** The options, read once: checked, completed, and no longer the caller's to change. */
export interface Settings extends Timeouts {
  readonly apiKey: ApiKeySource;
  /** The key is a text: no call waits for it. */
  readonly hasFixedKey: boolean;
  readonly baseURL: URL;
  readonly fixedHeaders: Readonly<Record<string, string>>;
  readonly keys: DerivedKeys;
  readonly auth: Authenticator;
  readonly ledger: Ledger;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly planOf: PlanOf;
  readonly limits: SharedLimits;
  readonly prices: PriceList;
  readonly endUserIdOf: EndUserIdOf;
  readonly rememberEndUserIds: boolean;
  readonly exchange: ExchangeSettings | undefined;
  readonly corsOrigins: ReadonlySet<string>;
  readonly bounds: Bounds;
  /** None where the option says `abort`. */
  readonly drains: DrainBounds;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly clock: Clock;
}

const MAX_OUTPUT_TOKENS_DEFAULT = 4_096;
const whole = z.int().min(1);
const callable = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === 'function',
  'must be a function',
);
const planShape = z.strictObject({
  models: z.array(z.string().min(1)).min(1, 'must name at least one model, or "*"'),
  endpoints: z.array(z.enum(endpointNames)).optional(),
  maxOutputTokens: whole.default(MAX_OUTPUT_TOKENS_DEFAULT),
  maxChoices: whole.max(128).default(1),
  limits: z.array(z.unknown()).default([]),
  allow: z.unknown().optional(),
});

const NO_KEY = {
  error:
    'must be a non-empty text or a function that answers one; is its environment variable set?',
};
const optionsShape = z.strictObject({
  apiKey: z.union([z.string().min(1, NO_KEY), callable], NO_KEY),
  baseURL: z.url({ protocol: /^https?$/ }).default('https://api.openai.com/v1'),
  organization: z.string().min(1).optional(),
  project: z.string().min(1).optional(),
  secret: z.unknown().optional(),
  auth: z.looseObject({ authenticate: callable }).optional(),
  ledger: z.looseObject({ reserve: callable, settle: callable, records: z.unknown() }).optional(),
  ledgerFailure: ledgerFailureShape,
  plans: z.record(z.string().min(1), z.unknown()).refine((plans) => Object.keys(plans).length > 0, {
    error: 'must have at least one plan',
  }),
  planOf: callable.optional(),
  planTtl: z.string().optional(),
  planStale: z.string().optional(),
  limits: z.array(z.unknown()).default([]),
  anonymousLimits: z.array(z.unknown()).default([]),
  prices: z.record(z.string(), z.unknown()).optional(),
  endUserId: callable.optional(),
  rememberEndUserIds: z.boolean().default(true),
  tokens: tokensShape,
  exchange: z.unknown().optional(),
  audience: z.string().min(1).max(256).optional(),
  cors: z.strictObject({ origins: z.array(z.string().min(1)) }).optional(),
  bounds: z
    .strictObject({
      bodyBytes: whole.default(4 * 1024 * 1024),
      answerBytes: whole.default(64 * 1024 * 1024),
      inFlight: whole.default(1_000),
      queued: z.int().min(0).default(1_000),
      drains: z.int().min(0).default(200),
      drainsPerUser: z.int().min(0).default(5),
    })
    .prefault({}),
  timeouts: timeoutsShape,
  onDisconnect: z.enum(['abort', 'drain']).default('drain'),
  fetch: callable.optional(),
  clock: z.looseObject({ nowMs: callable }).optional(),
});

type Shaped = z.output<typeof optionsShape>;

/** Reads the options once. `TypeError` names the field that is wrong; nothing has started by then. */
export function parseOptions(options: GuardOptions): Settings {
  const shaped = parseOrThrow(optionsShape, options, 'options');
  const keys = deriveKeys(options.secret, shaped.audience);
  const plans = parsePlans(shaped.plans);
  const waits = parseTimeouts(shaped);
  return {
    ...waits,
    apiKey: typeof options.apiKey === 'function' ? options.apiKey : constant(String(shaped.apiKey)),
    hasFixedKey: typeof options.apiKey !== 'function',
    baseURL: new URL(shaped.baseURL),
    fixedHeaders: fixedHeaders(shaped),
    keys,
    auth: options.auth ?? userTokens(),
    ledger: options.ledger ?? memoryLedger(),
    plans,
    planOf: options.planOf ?? defaultPlanOf(plans),
    limits: sharedLimits(shaped.limits, shaped.anonymousLimits),
    prices: priceList(options.prices),
    endUserIdOf: options.endUserId ?? defaultEndUserId(keys),
    rememberEndUserIds: shaped.rememberEndUserIds,
    exchange: parseExchange(options.exchange, waits.tokens),
    corsOrigins: new Set(shaped.cors?.origins),
    bounds: shaped.bounds,
    drains: shaped.onDisconnect === 'drain' ? shaped.bounds : NO_DRAINS,
    fetch: options.fetch,
    clock: options.clock ?? systemClock,
  };
}

const NO_DRAINS: DrainBounds = { drains: 0, drainsPerUser: 0 };

/** A closure, so that no printout of the guard shows the key. */
const constant = (key: string) => () => key;

function fixedHeaders({ organization, project }: Shaped): Record<string, string> {
  return {
    'content-type': 'application/json',
    // A compressed answer would have to be unpacked to be metered.
    'accept-encoding': 'identity',
    'user-agent': 'guarded-completion',
    ...(organization !== undefined && { 'openai-organization': organization }),
    ...(project !== undefined && { 'openai-project': project }),
  };
}

function parsePlans(specs: Readonly<Record<string, unknown>>): ReadonlyMap<string, Plan> {
  return new Map(Object.entries(specs).map(([name, spec]) => [name, parsePlan(name, spec)]));
}

function parsePlan(name: string, spec: unknown): Plan {
  const path = `options.plans.${name}`;
  const shaped = parseOrThrow(planShape, spec, path);
  const { maxOutputTokens, maxChoices } = shaped;
  const models = modelList(shaped.models);
  const allow = parseAllowances(shaped.allow ?? {}, `${path}.allow`);
  if (allow.realtime && !models.allows(allow.realtime.session.model)) {
    throw new TypeError(`"${path}.allow.realtime.session.model" must be one of the plan's models`);
  }
  return {
    name,
    models,
    endpoints: new Set(shaped.endpoints ?? endpointNames),
    limits: parseLimits(shaped.limits, `${path}.limits`),
    policy: { maxOutputTokens, maxChoices, allow },
  };
}

function defaultPlanOf(plans: ReadonlyMap<string, Plan>): (user: User) => string {
  const [only, ...others] = plans.keys();
  if (only !== undefined && others.length === 0) return () => only;
  return (user) => {
    if (user.plan !== undefined) return user.plan;
    throw new TypeError('A user has no plan: set the option "planOf", or issue tokens with "plan"');
  };
}
