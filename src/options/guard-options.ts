import * as z from 'zod';
import { authenticator } from '../auth/authenticator.ts';
import { userTokens } from '../auth/user-tokens.ts';
import { clockSchema, systemClock } from '../base/clock.ts';
import { isPromiseLike } from '../base/deadline.ts';
import { deriveKeys, isWeakSecret } from '../base/derived-keys.ts';
import { duration, shownDuration } from '../base/duration.ts';
import type { Known } from '../base/known.ts';
import {
  callback,
  type OptionalOptions,
  objectWith,
  optionsSchema,
  type RequiredOptions,
  type TypedOption,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { GuardLogger } from '../core/operator-log.ts';
import type { User } from '../core/user.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { memoryLedger } from '../ledger/memory/memory-ledger.ts';
import type { ModelPrices } from '../openai/prices/model-price.ts';
import { ownPrices, PriceTable } from '../openai/prices/prices.ts';
import { defaultEndUserId, type EndUserIdOf } from '../pipeline/tag.ts';
import { type LimitSpec, limitSpecs, type Per } from '../plans/limit-spec.ts';
import type { Plan } from '../plans/plan.ts';
import type { PlanOf } from '../plans/plan-resolver.ts';
import { sharedLimits } from '../plans/shared-limits.ts';
import { AnchorLookups } from '../plans/user-anchors.ts';
import { isKey, wrongKey } from '../upstream/key-text.ts';
import type { ApiKeySource } from '../upstream/upstream-keys.ts';
import { bounds, inFlightPerUser } from './bounds.ts';
import { cors } from './cors-options.ts';
import {
  type ExchangeSpec,
  exchange,
  exchangeSettings,
  type ParsedExchange,
} from './exchange-options.ts';
import { type GroupOptions, groupsShape, parseGroupKinds } from './group-options.ts';
import { before, limiters, parseHooks } from './hook-options.ts';
import { type PlanSpec, parsePlans, plan } from './plan-options.ts';
import { type MoneyCounting, unpricedTier } from './plan-prices.ts';
import { ledgerFailure, type ParsedTokens, timeoutSettings, timeouts, tokens } from './timeouts.ts';
import { models, retries, upstreamSettings, upstreams } from './upstream-options.ts';

const isLogger = (value: unknown): boolean => {
  const { error, warn } = Object(value) as Readonly<Record<string, unknown>>;
  return value === false || (typeof error === 'function' && typeof warn === 'function');
};
const LOGGER_WRONG = 'must have the methods "error" and "warn", or be false';

/** The options in whose types the names of the plans, or the windows of limits, are. */
const namingShape = {
  /** The plans, by name; at least one. */
  plans: z
    .record(z.string().min(1), plan, {
      error:
        'must be an object of plans by their names, such as { free: { models: ["gpt-5-mini"] } }',
    })
    .refine((plans) => Object.keys(plans).length > 0, 'must have at least one plan')
    .readonly(),
  /** Returns the plan of a user, or several: of each limit, the most generous one counts. Called at each
   * call; a promise is cached for `planTtl`. A plan set with `guard.users.setPlan` takes precedence.
   * Without it, a user has `user.plan`, else the only plan there is. */
  planOf: callback<PlanOf>().optional(),
  /** Global limits: of all users together.
   * @default [] */
  limits: limitSpecs.default([]),
  /** Limits of all anonymous users together, so that they cannot use up what others need.
   * @default [] */
  anonymousLimits: limitSpecs.default([]),
  /** Lets `guard.exchange` issue a user token for a login. Without it there is no exchange. */
  exchange: exchange.optional(),
};

const optionsShape = {
  /** OpenAI's key, or a function that returns it (see `cachedSecret` of `guarded-completion/secrets`).
   * The function is called at each call for its user, and once more with `refused` when OpenAI rejects
   * a key, so that keys can rotate. The key never leaves the server. `undefined`, such as an environment
   * variable that is not set, is a `TypeError` at start. */
  apiKey: z
    .custom<string | undefined | ApiKeySource>(isKey, { error: ({ input }) => wrongKey(input) })
    .optional(),
  /** Where OpenAI is, such as one of its regions. Without it, `https://api.openai.com/v1`. For another host
   * see `upstreams`. */
  baseURL: z.url({ protocol: /^https?$/ }).optional(),
  /** Several keys, deployments or hosts, by a name of yours, in place of `apiKey`: made by `openAI`,
   * `azureOpenAI`, `openRouter` or `openAICompatible` of `guarded-completion/upstreams`. */
  upstreams: upstreams.optional(),
  /**
   * Aliases: names of models that are served by other models, in this order. `'main/gpt-5-mini'` is a model of
   * the upstream `main`; a name without an upstream is a model of every upstream that serves it. A call goes
   * to the next one if the one before is used up, out of order, or has no such model. It is held at the
   * dearest, and charged at the one that answered. A plan must allow the alias and all models behind it.
   * @default {} */
  models: models.default({}),
  /** When calls are sent again that an upstream may have worked on. By default, never. */
  retries: retries.prefault({}),
  /** Counts the tokens of a request whose bytes do not fit in a limit, for models that have a name of
   * OpenAI's. Other hosts add text of their own, so without it only requests to `api.openai.com`, Azure
   * and this machine are counted. */
  countTokens: z.boolean().optional(),
  /** Sent as `OpenAI-Organization`. */
  organization: z.string().min(1).optional(),
  /** Sent as `OpenAI-Project`. */
  project: z.string().min(1).optional(),
  /** At least 32 bytes, the same in every process. It seals user tokens and keys the end-user ids. A new
   * one ends all tokens and changes how OpenAI sees every user. `undefined`, such as an environment
   * variable that is not set, is a `TypeError` at start. */
  secret: z.custom<string | Uint8Array | undefined>(),
  /** Identifies the caller of each request.
   * @default userTokens() */
  auth: authenticator.default(() => userTokens()),
  /** Where the counters are. The default serves one process, and is empty after a restart.
   * @default memoryLedger() */
  ledger: objectWith<Ledger>(['reserve', 'settle'], wrongLedger)
    .refine(({ records }) => records !== undefined, 'must be a ledger with "records"')
    .default(() => memoryLedger()),
  /** How the guard decides while the store of the ledger fails, together with `onLedgerFailure` of each
   * limit. */
  ledgerFailure: ledgerFailure.prefault({}),
  /** How long a plan that was looked up is cached. `guard.users.changed(id)` ends it sooner.
   * @default '60s' */
  planTtl: duration.prefault('60s'),
  /** How long the last plan that was looked up counts while look-ups fail.
   * @default '1h' */
  planStale: duration.prefault('1h'),
  /** Sees each call before anything is held: passes it, denies it with `denyRequest`, or replaces its
   * request, which is then checked and priced again. One function, `{ run, name, timeout, onError }`, or a
   * list of at most 16, asked in their order. `moderate()` is a ready one. */
  before: before.optional(),
  /** Rate limiters of yours, or of a library, beside the limits of plans: functions or
   * `{ limit, name, timeout, onError }`, at most 16, asked in their order after `before`. A call that one of
   * them denies costs nothing. */
  limiters: limiters.optional(),
  /** Your prices, by the exact name of a model. They take precedence over the built-in ones. `readPrices`
   * reads them from a file or a signed URL, and `guard.setPrices` replaces them while the guard runs.
   * @default {} */
  prices: z.custom<ModelPrices>().default({}),
  /** Returns the end-user id: how OpenAI sees a user. Without it, an HMAC of the user's id. */
  endUserId: callback<EndUserIdOf>().optional(),
  /** Keeps in the ledger's store which user each end-user id stands for, for 400 days after the last
   * call, so that `guard.users.byEndUserId` finds the user OpenAI means.
   * @default true */
  rememberEndUserIds: z.boolean().default(true),
  /** How long user tokens live. */
  tokens: tokens.prefault({}),
  /** Names this app, where several guards have one secret: a user token of one is rejected by the
   * others. At most 256 characters. */
  audience: z.string().min(1).max(256).optional(),
  /** Lets browsers call the guard. Without it, no origin may. */
  cors: cors.optional(),
  /** How much the guard takes on at once, in this process. */
  bounds: bounds.prefault({}),
  /** How long the guard waits. All are durations like `'30s'`. */
  timeouts: timeouts.prefault({}),
  /** Decides about a call whose client disconnects before its answer has ended. `drain`: OpenAI's answer is
   * read to its end in the background, at most `bounds.drains` at once, and the call is charged what it
   * used. `abort`: the upstream connection is closed. A call that was cut is charged all that it held,
   * because OpenAI bills reasoning that it has not shown; for a model known to hide no output, its input
   * and what was delivered.
   * @default 'drain' */
  onDisconnect: z.enum(['abort', 'drain']).default('drain'),
  /** Calls OpenAI in place of undici: for a proxy, another runtime, or a test. Node's own `fetch` fails at
   * an upstream that sends `100 Continue`, which the guard skips without this option (Node 24.21, 2026-11). */
  fetch: callback<typeof globalThis.fetch>().optional(),
  /** Where failures are written that no listener of `failed` takes: an object with the methods `error` and
   * `warn`, each given one line, such as a logger of yours. At most one line for each kind and minute. `false`:
   * nowhere. Without it, `console`. */
  logger: z.custom<GuardLogger | false>(isLogger, LOGGER_WRONG).optional(),
  /** Tells the time, for tests.
   * @default systemClock */
  clock: clockSchema.default(() => systemClock),
};

function wrongLedger(input: unknown): string {
  if (isPromiseLike(input)) return 'must be a ledger, and is a promise: did you forget "await"?';
  if (typeof input === 'function')
    return 'must be a ledger, and is a function: call it, such as memoryLedger()';
  if (typeof input === 'string') {
    return 'must be a ledger, and is a text: use redisLedger(client), postgresLedger(pool) or sqliteLedger({ file })';
  }
  return 'must be a ledger, such as memoryLedger() or redisLedger(client)';
}

type Naming<Option extends keyof typeof namingShape, Type> = TypedOption<
  typeof namingShape,
  Option,
  Type
>;

/**
 * The options of `createGuardedCompletion`. They are read once, at start. `PlanName` are the names of the plans,
 * `Given` those that `planOf` returns, and `Window` the windows of limits.
 */
export interface GuardOptions<
  PlanName extends string = string,
  Given extends string = string,
  Window extends string = Per,
> extends RequiredOptions<typeof optionsShape>,
    OptionalOptions<typeof optionsShape>,
    Naming<'plans', Readonly<Record<PlanName, PlanSpec<Window>>>>,
    Partial<Naming<'planOf', PlanOf<Known<PlanName, Given>>>>,
    Partial<Naming<'limits' | 'anonymousLimits', readonly LimitSpec<Window>[]>>,
    Partial<Naming<'exchange', ExchangeSpec<Window>>>,
    GroupOptions<Window> {}

/** The options, read once: checked, completed, and no longer the caller's to change. */
export type Settings = Readonly<ReturnType<typeof parseOptions>>;

/** Reads the options once. `TypeError` names the field that is wrong; nothing has started by then. */
export function parseOptions(options: GuardOptions<string, string, string>) {
  const { apiKey, secret, ...parsed } = parseOrThrow(
    optionsSchema({ ...optionsShape, ...namingShape, ...groupsShape }),
    options,
    'options',
  );
  const { tokens, exchange, onDisconnect, ledgerFailure } = parsed;
  requireTokenLives(options, parsed);
  const lookUps = {
    ttlMs: parsed.planTtl,
    staleMs: parsed.planStale,
    deadlineMs: parsed.timeouts.hook,
    source: parsed.planOf === undefined ? '"user.plan" is' : '"planOf" returned',
  };
  const anchors = new AnchorLookups(lookUps);
  const plans = parsePlans(parsed.plans, anchors);
  const fromUpstreams = upstreamSettings({ ...parsed, apiKey }, plans);
  const keys = deriveKeys(secret, parsed.audience);
  const models = [...plans.values()].map((plan) => plan.models);
  const limits = sharedLimits(parsed.limits, parsed.anonymousLimits, { lookups: anchors, models });
  const prices = ownPrices(parsed.prices, 'options.prices');
  const groups = parseGroupKinds(parsed, models);
  requireTierPrices(
    { plans, groups, limits },
    new PriceTable(prices, new Date(parsed.clock.nowMs())),
  );
  return {
    ...parsed,
    ...timeoutSettings(parsed.timeouts),
    hooks: parseHooks(parsed, parsed.timeouts.hook),
    ...fromUpstreams,
    keys,
    isWeakSecret: isWeakSecret(secret),
    plans,
    plan: lookUps,
    anchors,
    planOf: parsed.planOf ?? defaultPlanOf(plans),
    groups,
    limits,
    prices,
    endUserIdOf: parsed.endUserId ?? defaultEndUserId(keys),
    tokens: { ttlMs: Math.min(tokens.ttl, tokens.ttlMax), ttlMsMax: tokens.ttlMax },
    exchange: exchange && exchangeSettings(exchange, tokens.ttlMax, anchors),
    corsOrigins: new Set(parsed.cors?.origins),
    inFlightBounds: {
      inFlightPerUser: inFlightPerUser(parsed.bounds),
      // None with `abort`.
      drains: onDisconnect === 'drain' ? parsed.bounds.drains : 0,
      drainsPerUser: parsed.bounds.drainsPerUser,
    },
    ledgerFailure: { processes: ledgerFailure.processes, staleMs: ledgerFailure.cachedFor },
  };
}

/** A default may be cut to a lower `ttlMax`, but not what was asked for. */
function requireTokenLives(
  { tokens, exchange }: Pick<GuardOptions<string, string, string>, 'tokens' | 'exchange'>,
  parsed: { tokens: ParsedTokens; exchange?: ParsedExchange | undefined },
): void {
  const { ttl, ttlMax } = parsed.tokens;
  const most = `must be at most "${shownDuration(ttlMax)}", the option "tokens.ttlMax"`;
  if (tokens?.ttl !== undefined && ttl > ttlMax) {
    throw new TypeError(`"options.tokens.ttl" ${most}`);
  }
  if (exchange?.ttl !== undefined && (parsed.exchange?.ttl ?? 0) > ttlMax) {
    throw new TypeError(`"options.exchange.ttl" ${most}`);
  }
}

function requireTierPrices(counting: MoneyCounting, prices: PriceTable): void {
  const unpriced = unpricedTier(counting, prices);
  if (unpriced === undefined) return;
  const { plan, tier, model } = unpriced;
  throw new TypeError(
    `"options.plans.${plan}.allow.serviceTiers": the model "${model}" has no price in the tier "${tier}"`,
  );
}

function defaultPlanOf(plans: ReadonlyMap<string, Plan>): PlanOf {
  const [only, ...others] = plans.keys();
  if (only !== undefined && others.length === 0) return () => only;
  return (user: User) => {
    if (user.plan !== undefined) return user.plan;
    throw new TypeError('A user has no plan: set the option "planOf", or issue tokens with "plan"');
  };
}
