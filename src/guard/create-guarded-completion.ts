import type OpenAI from 'openai';
import type { Clock } from '../base/clock.ts';
import { Deadlines } from '../base/deadlines.ts';
import { isDenial } from '../core/denial.ts';
import {
  createEvents,
  type Events,
  type GuardEvents,
  type Listener,
  shareEvents,
} from '../core/events.ts';
import type { User } from '../core/user.ts';
import { CLOSING, createHandle, type HandlerParts } from '../http/handle.ts';
import { type Mountable, mountable } from '../http/mountable.ts';
import { StoreFailingError } from '../ledger/resilient/store-health.ts';
import { type GuardOptions, parseOptions, type Settings } from '../options/guard-options.ts';
import { renewLease } from '../pipeline/admit.ts';
import { callLedger } from '../pipeline/call-ledger.ts';
import { type InFlightCall, InFlightCalls } from '../pipeline/in-flight.ts';
import { runPipeline } from '../pipeline/pipeline.ts';
import { createPlanResolver } from '../plans/plan-resolver.ts';
import { createClient } from '../sdk/client.ts';
import { createFetchAs } from '../sdk/fetch-as.ts';
import { createCredentials } from '../tokens/credentials.ts';
import { type ExchangeParts, exchangeToken } from '../tokens/token-exchange.ts';
import type { Tokens } from '../tokens/tokens.ts';
import { fetchUpstream } from '../upstream/fetch-upstream.ts';
import { undiciUpstream } from '../upstream/undici-upstream.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createEndUserIds, type EndUserIds, noEndUserIds } from '../users/end-user-ids.ts';
import { activeBlock, blockedDenial, UserStates } from '../users/user-states.ts';
import { createUsers, type GuardUsers, type Users } from '../users/users.ts';
import { createPipeline } from './create-pipeline.ts';
import { guardStore } from './guarded-store.ts';
import { warnOfStart } from './start-warnings.ts';

/** OpenAI, guarded: what an app mounts, calls and operates. */
export interface Guard extends Mountable {
  /** The official SDK, bound to one user whom server code vouches for. Denials are the SDK's own
   * errors (`err.status`, `err.code`). */
  client(user: string | User): OpenAI;
  /** A `fetch` bound to one user, for any SDK that takes one. Only for OpenAI's paths. */
  fetchAs(user: string | User): typeof globalThis.fetch;
  /** Answers a temporary key for a login: `POST` with the login as `Authorization: Bearer`, and if it
   * likes a JSON body that narrows it (`ttl`, `models`, `endpoints`, `limits`, `singleUse`). A key that
   * came from here is answered with a fresh one until `exchange.maxLifetime`. Mounted like the guard
   * itself, at a path of your choice. `TypeError` without the option `exchange`. */
  readonly exchange: Mountable;
  readonly tokens: Tokens;
  readonly users: Users;
  /** Returns the function that stops listening. */
  on<Name extends keyof GuardEvents>(name: Name, listener: Listener<GuardEvents[Name]>): () => void;
  /** Refuses new calls, lets running ones end for `graceMs` (default 10,000), cuts the rest, settles
   * every one, then closes the ledger. Idempotent. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

const GRACE_MS_DEFAULT = 10_000;
/** What is cut still has to be posted; a ledger that hangs must not keep the process. */
const SETTLE_MS_MAX = 5_000;

/** Builds the line from the options. `TypeError` names the option that is wrong; nothing has started. */
export function createGuardedCompletion(options: GuardOptions): Guard {
  const events = createEvents();
  const parsed = parseOptions(options);
  const ledger = guardStore(parsed, events);
  const settings = { ...parsed, ledger };
  const { clock } = settings;
  warnOfStart(settings);
  const states = new UserStates(ledger.records);
  const credentials = createCredentials(settings, ledger.records, states);
  const cutIfBlocked = createBlockCutter(states, clock, events);
  const callVerbs = callLedger(ledger);
  const calls = new InFlightCalls(clock, settings.drains, (call, nowMs) => {
    renewLease(callVerbs, call, nowMs);
    // A change notice may be lost, or come while a call was on its way in.
    cutIfBlocked(call);
  });
  const plans = createPlanResolver(
    settings.plans,
    settings.planOf,
    { ...settings.plan, deadlineMs: settings.hookMs },
    clock,
  );
  const endUserIds = endUserIdsOf(settings, events);
  const users = createUsers({ ledger, states, plans, endUserIds, events, clock });
  const upstream = upstreamOf(settings);
  const shared = { settings, events, states, credentials, calls, plans };
  const line = createPipeline({ ...shared, ledger: callVerbs, users, endUserIds, upstream });
  const closing = { begun: undefined as Promise<void> | undefined };
  const shell = {
    settings,
    events,
    refuse: line.refuse,
    isClosing: () => closing.begun !== undefined,
  };
  const answer = createHandle((requested) => runPipeline(line, requested), shell);
  const exchange = createExchange({ ...credentials, ledger, states, clock, settings }, shell);

  states.onChange((userId) => {
    plans.forget(userId);
    calls.ofUser(userId).forEach(cutIfBlocked);
  });

  const close = async (graceMs: number) => {
    const endMs = performance.now() + graceMs;
    await drain(calls, graceMs);
    credentials.verifier.close();
    states.close();
    await endUserIds.close();
    await upstream.close();
    await ledger.close(Math.max(0, endMs - performance.now()));
  };
  const fetchAs = createFetchAs(answer);
  const guard = {
    ...mountable((request) => answer({ request })),
    fetchAs,
    client: createClient(fetchAs),
    tokens: credentials.tokens,
    users: publicUsers(users),
    on: events.on,
    close: ({ graceMs = GRACE_MS_DEFAULT } = {}) => (closing.begun ??= close(graceMs)),
  };
  return shareEvents(withExchange(guard, exchange), events);
}

/** Lets running calls end for as long, then cuts the rest. */
async function drain(calls: InFlightCalls, graceMs: number): Promise<void> {
  await calls.whenIdle(graceMs);
  calls.stopAll(CLOSING);
  await calls.whenIdle(SETTLE_MS_MAX);
}

/** Mounting what is not there is a mistake to hear of at the start; printing the guard is none. */
function withExchange(guard: Omit<Guard, 'exchange'>, exchange: Mountable | undefined): Guard {
  const get = () => {
    if (exchange !== undefined) return exchange;
    throw new TypeError('Set the option "exchange" to mount guard.exchange');
  };
  return Object.defineProperty(guard, 'exchange', { get, enumerable: false }) as Guard;
}

function endUserIdsOf({ rememberEndUserIds, ledger, clock }: Settings, events: Events): EndUserIds {
  if (!rememberEndUserIds) return noEndUserIds;
  return createEndUserIds({ ledger, clock, onError: storeReporter(events) });
}

function upstreamOf({ fetch, baseURL, upstreamTimeouts }: Settings): Upstream {
  return fetch === undefined
    ? undiciUpstream(baseURL, upstreamTimeouts)
    : fetchUpstream(fetch, baseURL, upstreamTimeouts);
}

/** `undefined` where the app has no exchange. */
function createExchange(
  {
    settings,
    ...parts
  }: Omit<ExchangeParts, 'exchange' | 'keys' | 'hookMs' | 'body'> & { readonly settings: Settings },
  shell: HandlerParts,
): Mountable | undefined {
  const { exchange, keys, hookMs, bodyMs, bounds } = settings;
  if (exchange === undefined) return undefined;
  const body = { bytesMax: bounds.bodyBytes, deadline: new Deadlines(bodyMs) };
  const exchangeParts = { ...parts, exchange, keys, hookMs, body };
  const answer = createHandle(async (requested) => {
    const answered = await exchangeToken(requested.request, exchangeParts);
    return isDenial(answered) ? shell.refuse(answered, requested) : answered;
  }, shell);
  return mountable((request) => answer({ request }));
}

/** Stops a call whose user is blocked by now; a store that fails is reported, and asked again. */
function createBlockCutter(
  states: UserStates,
  clock: Clock,
  events: Events,
): (call: InFlightCall) => void {
  const check = async (call: InFlightCall) => {
    const block = activeBlock(await states.get(call.userId), clock.nowMs());
    if (block !== undefined) call.stop(blockedDenial(block.reason));
  };
  const report = storeReporter(events);
  return (call) => void check(call).catch(report);
}

/** That the store fails was told once; not again for each call and second. */
function storeReporter(events: Events): (error: unknown) => void {
  return (error) => {
    if (error instanceof StoreFailingError) return;
    events.emit('failed', { source: 'ledger', error });
  };
}

function publicUsers({ remember: _, ...users }: GuardUsers): Users {
  return users;
}
