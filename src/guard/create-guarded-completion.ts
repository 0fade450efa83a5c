import type OpenAI from 'openai';
import { SharedDeadline } from '../base/deadline.ts';
import type { Known } from '../base/known.ts';
import { Events, type GuardEvents, type Listener, shareEvents } from '../core/events.ts';
import { OperatorLog } from '../core/operator-log.ts';
import type { UserId, UserSpec } from '../core/user.ts';
import { GroupStates } from '../groups/group-states.ts';
import { createGroups, type Groups } from '../groups/groups.ts';
import { UserGroups } from '../groups/user-groups.ts';
import { type CallHandlerParts, handleCall, handleExchange } from '../http/handle.ts';
import { type Mountable, mountable } from '../http/mountable.ts';
import type { ModelPrices } from '../openai/prices/model-price.ts';
import { PriceList } from '../openai/prices/prices.ts';
import { bodyBytesMax } from '../options/bounds.ts';
import { type GuardOptions, parseOptions, type Settings } from '../options/guard-options.ts';
import { callLedger } from '../pipeline/call-ledger.ts';
import type { Per } from '../plans/limit-spec.ts';
import { createPlanResolver } from '../plans/plan-resolver.ts';
import { createClient } from '../sdk/client.ts';
import { type CallOptions, createFetchAs } from '../sdk/fetch-as.ts';
import { createServiceStops, type ServiceStops } from '../stops/service-stops.ts';
import { createCredentials } from '../tokens/credentials.ts';
import type { ExchangeParts } from '../tokens/token-exchange.ts';
import type { Tokens } from '../tokens/tokens.ts';
import type { UpstreamStatus } from '../upstream/upstream-status.ts';
import { createGuardUsage, type GuardUsage } from '../usage/guard-usage.ts';
import { BilledUsers, shareBilledUsers } from '../users/billed-users.ts';
import { createEndUserIds, type EndUserIds, noEndUserIds } from '../users/end-user-ids.ts';
import { UserStates } from '../users/user-states.ts';
import { createUsers, type GuardUsers, type Users } from '../users/users.ts';
import { createCalls } from './create-calls.ts';
import { createPipeline } from './create-pipeline.ts';
import { createUpstreams } from './create-upstreams.ts';
import { guardStore, storeReporter } from './guarded-store.ts';
import { type SetPricesOptions, setPrices } from './set-prices.ts';
import { warnOfStart } from './start-warnings.ts';

/** Shows the upstreams of a guard. */
export interface UpstreamsStatus {
  /** Returns the state of each upstream in this process, for a gauge or a health page. */
  status(): readonly UpstreamStatus[];
}

/** What an app mounts, calls and operates. `PlanName` are the names of its plans. */
export interface Guard<PlanName extends string = string> extends Mountable, ServiceStops {
  /** Returns the official SDK for one user, whom server code names. Denials are the SDK's own errors
   * (`err.status`, `err.code`). */
  client(user: UserId | UserSpec, options?: CallOptions): OpenAI;
  /** Returns a `fetch` for one user, for any SDK that takes one. It serves only OpenAI's paths. */
  fetchAs(user: UserId | UserSpec, options?: CallOptions): typeof globalThis.fetch;
  /** Exchanges a login for a user token: `POST` with the login as `Authorization: Bearer`, and optionally
   * a JSON body that narrows the token (`ttl`, `models`, `endpoints`, `limits`, `singleUse`). A token that
   * came from here can be exchanged for a fresh one until `exchange.maxLifetime`. Mounted like the guard
   * itself, at a path of your choice. Throws `TypeError` without the option `exchange`. */
  readonly exchange: Mountable;
  /** Issues and revokes user tokens. */
  readonly tokens: Tokens<PlanName>;
  /** Operates users: usage, blocks, credits, plans. */
  readonly users: Users<PlanName>;
  /** Operates groups, such as teams: usage, blocks, credits, limits. */
  readonly groups: Groups;
  /** Shows what all users together have used. */
  readonly usage: GuardUsage;
  /** Shows the upstreams: who waits, what they can take, and whether calls go there. */
  readonly upstreams: UpstreamsStatus;
  /**
   * Replaces the option `prices` while the guard runs, all at once; calls in flight are settled by the
   * prices that they were held with. Emits `prices`. Throws `TypeError`, and changes nothing, when a price
   * is not plausible, when a plan that counts money would lose the price of a model that it names, or when
   * a price rises or falls more than four times and `confirm` does not name its model.
   */
  setPrices(prices: ModelPrices, options?: SetPricesOptions): void;
  /** Returns the function that stops listening. A listener that throws or rejects is a `failed` event, and
   * changes nothing for the call. Failures that no listener of `failed` takes are written by the option
   * `logger`. Throws `TypeError` for an event that does not exist. */
  on<Name extends keyof GuardEvents>(name: Name, listener: Listener<GuardEvents[Name]>): () => void;
  /** Refuses new calls, lets running ones end for `graceMs` (default 10,000), cuts the rest, settles all
   * of them, then closes the ledger. Idempotent. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

const GRACE_MS_DEFAULT = 10_000;

/**
 * Returns a guard for OpenAI: the key stays on the server, and a call is sent only when the most it can
 * cost fits in every limit. Each call is settled exactly once.
 *
 * The options are read once. A wrong one throws a `TypeError` that names it; nothing has started by
 * then. Without a `ledger`, the guard counts in the memory of this process. Mount the guard with an
 * adapter (`guardExpress`, `toNodeHandler` …), and end it with `guard.close()`.
 *
 * @example
 * ```ts
 * const guard = createGuardedCompletion({
 *   apiKey: process.env.OPENAI_API_KEY,
 *   secret: process.env.GUARD_SECRET,
 *   plans: { free: { models: ['gpt-5-mini'], limits: [{ requests: 15, per: '24h' }] } },
 *   limits: [{ usd: 50, per: 'day' }],
 * });
 * ```
 */
export function createGuardedCompletion<
  PlanName extends string,
  const Given extends string = PlanName,
  Window extends string = Per,
>(options: GuardOptions<PlanName, Given, Known<Per, Window>>): Guard<PlanName> {
  const parsed = parseOptions(options);
  const log = operatorLog(parsed);
  const events = new Events(log);
  const ledger = guardStore(parsed, events);
  const settings = { ...parsed, ledger };
  const { clock } = settings;
  warnOfStart(settings, log);
  const states = new UserStates(ledger.records);
  const credentials = createCredentials(settings, ledger.records, states);
  const callVerbs = callLedger(ledger);
  const { verifier } = credentials;
  const groups = userGroupsOf(settings);
  const watched = { states, groups, verifier };
  const { calls, stops } = createCalls({ settings, events, ledger: callVerbs, ...watched });
  const plans = createPlanResolver(settings.plans, settings.planOf, settings.plan, clock);
  const endUserIds = endUserIdsOf(settings, events);
  const users = createUsers({ ledger, states, plans, groups, endUserIds, events, clock });
  const upstreams = createUpstreams(settings, { ledger, events });
  const prices = priceList(settings, events);
  const shared = { settings, events, states, stops, credentials, calls, plans, groups, prices };
  const parts = createPipeline({ ...shared, ledger: callVerbs, users, endUserIds, upstreams });
  const exchange = createExchange(settings, { ...credentials, ledger, states }, parts);

  states.onChange((userId) => {
    plans.forget(userId);
    groups.forget(userId);
    settings.anchors.forget(userId);
  });

  let closed: Promise<void> | undefined;
  const close = async (graceMs: number) => {
    const endMs = performance.now() + graceMs;
    await calls.close(graceMs);
    const leftMs = () => Math.max(0, endMs - performance.now());
    await parts.thresholds.close(leftMs());
    await parts.tokenCounter?.close();
    verifier.close();
    states.close();
    groups.states.close();
    stops.close();
    await endUserIds.close();
    await upstreams.close();
    await ledger.close(leftMs());
  };
  const guard = {
    ...mountable((request) => handleCall({ request }, parts)),
    fetchAs: (user: UserId | UserSpec, options?: CallOptions) =>
      createFetchAs(user, parts, options),
    client: (user: UserId | UserSpec, options?: CallOptions) =>
      createClient(createFetchAs(user, parts, options)),
    upstreams: { status: () => upstreams.status() },
    tokens: credentials.tokens,
    users: publicUsers(users),
    groups: createGroups({ ledger, groups, models: plans.models, clock }),
    usage: createGuardUsage({ shared: settings.limits, ledger, clock }),
    ...createServiceStops({ record: stops, plans: settings.plans, events, clock }),
    setPrices: setPrices({ prices, settings, events }),
    on: events.on.bind(events),
    close: ({ graceMs = GRACE_MS_DEFAULT } = {}) => (closed ??= close(graceMs)),
  };
  const billed = new BilledUsers(states, settings.plans.keys(), ledger, clock);
  return shareBilledUsers(shareEvents(withExchange(guard, exchange), events), billed);
}

function priceList({ prices, clock }: Settings, events: Events): PriceList {
  return new PriceList(prices, clock, (model, until) => {
    const error = new Error(`The price of "${model}" ended on ${until}. Set the option "prices".`);
    events.emit('failed', { source: 'prices', error });
  });
}

/** Reading `exchange` without the option throws. Not enumerable, so that logging the guard does not. */
function withExchange(guard: Omit<Guard, 'exchange'>, exchange: Mountable | undefined): Guard {
  const get = () => {
    if (exchange !== undefined) return exchange;
    throw new TypeError('Set the option "exchange" to mount guard.exchange');
  };
  return Object.defineProperty(guard, 'exchange', { get, enumerable: false }) as Guard;
}

/** `undefined`: the operator wants no lines. */
function operatorLog({ logger = console, clock }: Settings): OperatorLog | undefined {
  return logger === false ? undefined : new OperatorLog(logger, clock);
}

function endUserIdsOf({ rememberEndUserIds, ledger, clock }: Settings, events: Events): EndUserIds {
  if (!rememberEndUserIds) return noEndUserIds;
  return createEndUserIds({ ledger, clock, onError: storeReporter(events) });
}

function userGroupsOf({ groups: kinds, groupsOf, plan, ledger, clock }: Settings): UserGroups {
  const states = new GroupStates(ledger.records);
  return new UserGroups({ kinds, groupsOf, states, settings: plan, clock });
}

/** `undefined` without the option `exchange`. */
function createExchange(
  settings: Settings,
  shared: Pick<ExchangeParts, 'ledger' | 'states' | 'verifier' | 'context'>,
  { events, clock, cors, calls }: CallHandlerParts,
): Mountable | undefined {
  const { exchange, keys, hookMs, bodyMs, bounds } = settings;
  if (exchange === undefined) return undefined;
  const body = { bytesMax: bodyBytesMax(bounds).text, deadline: new SharedDeadline(bodyMs) };
  const parts = { ...shared, events, clock, cors, calls, exchange, keys, hookMs, body };
  return mountable((request) => handleExchange({ request }, parts));
}

function publicUsers({ remember: _, ...users }: GuardUsers): Users {
  return users;
}
