import type { Clock } from '../base/clock.ts';
import { SharedDeadline } from '../base/deadline.ts';
import type { Events } from '../core/events.ts';
import type { UserGroups } from '../groups/user-groups.ts';
import { Cors } from '../http/cors.ts';
import type { CallHandlerParts } from '../http/handle.ts';
import { CountingPlaces } from '../openai/counting/counting-places.ts';
import { TokenCounter } from '../openai/counting/token-counter.ts';
import { sessionsIn } from '../openai/prices/hosted-fees.ts';
import type { PriceList } from '../openai/prices/prices.ts';
import { bodyBytesMax } from '../options/bounds.ts';
import type { Settings } from '../options/guard-options.ts';
import { BodyBudget } from '../pipeline/body-budget.ts';
import type { CallLedger } from '../pipeline/call-ledger.ts';
import { HoldIds } from '../pipeline/hold-ids.ts';
import type { InFlightCalls } from '../pipeline/in-flight.ts';
import { InvalidRequests } from '../pipeline/invalid-requests.ts';
import { ModelCatalog } from '../pipeline/model-catalog.ts';
import { Thresholds } from '../pipeline/thresholds.ts';
import { UserCounts } from '../pipeline/user-counts.ts';
import type { PlanResolver } from '../plans/plan-resolver.ts';
import type { StopRecord } from '../stops/stop-record.ts';
import type { Credentials } from '../tokens/credentials.ts';
import { HostModels } from '../upstream/host-models.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { EndUserIds } from '../users/end-user-ids.ts';
import { createIdentifierBlock } from '../users/identifier-block.ts';
import { createModelPause } from '../users/model-pause.ts';
import type { UserStates } from '../users/user-states.ts';
import type { GuardUsers } from '../users/users.ts';
import { storeReporter } from './guarded-store.ts';

/** What the pipeline shares with the rest of the guard. */
interface SharedParts {
  readonly settings: Settings;
  readonly ledger: CallLedger;
  readonly events: Events;
  readonly states: UserStates;
  readonly stops: StopRecord;
  readonly credentials: Credentials;
  readonly calls: InFlightCalls;
  readonly plans: PlanResolver;
  readonly groups: UserGroups;
  readonly prices: PriceList;
  readonly users: GuardUsers;
  readonly endUserIds: EndUserIds;
  readonly upstreams: Upstreams;
}

/** Makes what `handleCall` and the steps of the pipeline work with, once for each guard. */
export function createPipeline(shared: SharedParts): CallHandlerParts {
  const { settings, ledger, events, states, stops, credentials, calls } = shared;
  const { plans, groups, prices, users, endUserIds, upstreams } = shared;
  const { clock, bounds, hookMs } = settings;
  return {
    // Shared by several steps.
    upstreams,
    clock,
    events,
    ledger,
    calls,
    stops,
    limits: settings.limits,
    thresholds: createThresholds(shared),
    users,
    blockIdentifier: createIdentifierBlock({ users, states, events, clock }),
    pauseModel: createModelPause({ states, events, clock }),
    // handle
    cors: new Cors(settings.corsOrigins),
    // identify
    authenticator: settings.auth,
    authContext: credentials.context,
    checkedUsers: new WeakSet(),
    hookMs,
    // authorize
    states,
    plans,
    groups,
    catalog: createCatalog(shared),
    prices,
    bodyBytesMax: bodyBytesMax(bounds),
    bodyDeadline: new SharedDeadline(settings.bodyMs),
    invalidRequests: new InvalidRequests(bounds.invalidPerMinute, clock),
    bodies: new BodyBudget(bounds),
    balances: settings.ledger,
    hooks: settings.hooks,
    inHooks: new UserCounts(),
    containerSessions: sessionsIn(settings.upstreamTimeouts.headersMs),
    // admit
    holdIds: new HoldIds(),
    countingPlaces: new CountingPlaces(clock),
    tokenCounter: settings.countsTokens ? createTokenCounter(clock, events) : undefined,
    isInProcess: settings.ledger.inProcess !== undefined,
    // tag
    endUserIdOf: settings.endUserIdOf,
    endUserIds,
    derivedKeys: settings.keys,
    // call
    retries: settings.retries,
    // meter
    stream: settings.stream,
    showsUpstream: settings.showsUpstream,
  };
}

function createCatalog({ upstreams, prices, events, settings: { clock } }: SharedParts) {
  const onError = (error: unknown) => events.emit('failed', { source: 'upstream', error });
  const lists = upstreams.all.filter(({ listedBy }) => listedBy === 'host');
  const hosts = lists.map((upstream) => new HostModels(upstream, { clock, onError }));
  return new ModelCatalog({ upstreams, prices, hosts });
}

function createThresholds({ settings, events }: SharedParts): Thresholds {
  const { clock, ledger } = settings;
  return new Thresholds({
    records: ledger.records,
    events,
    clock,
    onError: storeReporter(events),
  });
}

function createTokenCounter(clock: Clock, events: Events): TokenCounter {
  return new TokenCounter(clock, (error) => events.emit('failed', { source: 'internal', error }));
}
