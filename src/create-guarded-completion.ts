import { randomUUID } from 'node:crypto';
import type OpenAI from 'openai';
import type { User } from './auth/authenticator.ts';
import type { Clock } from './clock.ts';
import { deny, isDenial } from './errors.ts';
import { createEvents, type Events, type GuardEvents, type Listener } from './events.ts';
import type { GuardAnswer } from './exchange.ts';
import { failureOf } from './failures.ts';
import { guardStore } from './guarded-store.ts';
import { createCors } from './http/cors.ts';
import { type Mountable, mountable } from './http/mountable.ts';
import { createRefuse } from './http/refuse.ts';
import {
  createInFlightCalls,
  type InFlightCall,
  type InFlightCalls,
  stopCall,
} from './in-flight.ts';
import { StoreFailingError } from './ledger/resilient/store-health.ts';
import { type GuardOptions, parseOptions, type Settings } from './options.ts';
import { type Line, walkLine } from './pipeline.ts';
import { createPlanBook } from './plans/plan-book.ts';
import { createClient } from './sdk/client.ts';
import { createFetchAs } from './sdk/fetch-as.ts';
import { createAdmit, renewLease } from './stages/admit.ts';
import { createAuthorize } from './stages/authorize.ts';
import { createCall } from './stages/call.ts';
import { createIdentify, type Refuse, type Requested } from './stages/identify.ts';
import { createMeter } from './stages/meter.ts';
import { createSettle } from './stages/settle.ts';
import { createTag } from './stages/tag.ts';
import { warnOfStart } from './start-warnings.ts';
import { fetchUpstream } from './upstream/fetch-upstream.ts';
import { createTurns } from './upstream/turn.ts';
import { undiciUpstream } from './upstream/undici-upstream.ts';
import type { Upstream } from './upstream/upstream.ts';
import { createMint } from './users/mint-token.ts';
import { createTokenExchange, type ExchangeParts } from './users/token-exchange.ts';
import { createTokenForm } from './users/token-form.ts';
import { createTokenVerifier, type TokenVerifier } from './users/token-verifier.ts';
import { createTokens, type Tokens } from './users/tokens.ts';
import {
  activeBlock,
  blockedDenial,
  createUserStates,
  type UserStates,
} from './users/user-states.ts';
import { createUsers, type UserBook, type Users } from './users/users.ts';

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
const CLOSING = deny('shutting_down', 'The service is restarting. Try again shortly.');

/** Builds the line from the options. `TypeError` names the option that is wrong; nothing has started. */
export function createGuardedCompletion(options: GuardOptions): Guard {
  const events = createEvents();
  const parsed = parseOptions(options);
  const ledger = guardStore(parsed, events);
  const settings = { ...parsed, ledger };
  const { clock } = settings;
  warnOfStart(settings);
  const states = createUserStates(ledger.records);
  const form = createTokenForm(settings.keys);
  const mint = createMint(ledger.records, form);
  const tokens = createTokens(mint, ledger.records, states, clock, settings.tokens);
  const verifier = createTokenVerifier(ledger.records, states, form, clock);
  const cutIfBlocked = createBlockCutter(states, clock, events);
  const calls = createInFlightCalls(clock, (call, nowMs) => {
    renewLease(ledger, call, nowMs);
    // A change notice may be lost, or come while a call was on its way in.
    cutIfBlocked(call);
  });
  const plans = createPlanBook(
    settings.plans,
    settings.planOf,
    { ...settings.plan, deadlineMs: settings.hookMs },
    clock,
  );
  const users = createUsers({ ledger, states, plans, events, clock });
  const upstream = upstreamOf(settings);
  const line = createLine({ settings, events, states, verifier, calls, plans, users, upstream });
  const closing = { begun: undefined as Promise<void> | undefined };
  const shell = {
    settings,
    events,
    refuse: line.refuse,
    isClosing: () => closing.begun !== undefined,
  };
  const answer = createAnswer((requested) => walkLine(line, requested), shell);
  const exchange = createExchange({ ledger, states, verifier, mint, clock, settings }, shell);

  states.onChange((userId) => {
    plans.forget(userId);
    calls.ofUser(userId).forEach(cutIfBlocked);
  });

  const close = async (graceMs: number) => {
    const endMs = performance.now() + graceMs;
    await calls.whenIdle(graceMs);
    calls.stopAll(CLOSING);
    await calls.whenIdle(SETTLE_MS_MAX);
    verifier.close();
    states.close();
    await upstream.close();
    await ledger.close(Math.max(0, endMs - performance.now()));
  };
  const fetchAs = createFetchAs(answer);
  const guard = {
    ...mountable((request) => answer({ request })),
    fetchAs,
    client: createClient(fetchAs),
    tokens,
    users: publicUsers(users),
    on: events.on,
    close: ({ graceMs = GRACE_MS_DEFAULT } = {}) => (closing.begun ??= close(graceMs)),
  };
  return withExchange(guard, exchange);
}

/** Mounting what is not there is a mistake to hear of at the start; printing the guard is none. */
function withExchange(guard: Omit<Guard, 'exchange'>, exchange: Mountable | undefined): Guard {
  const get = () => {
    if (exchange !== undefined) return exchange;
    throw new TypeError('Set the option "exchange" to mount guard.exchange');
  };
  return Object.defineProperty(guard, 'exchange', { get, enumerable: false }) as Guard;
}

interface Parts {
  readonly settings: Settings;
  readonly events: Events;
  readonly states: UserStates;
  readonly verifier: TokenVerifier;
  readonly calls: InFlightCalls;
  readonly plans: ReturnType<typeof createPlanBook>;
  readonly users: UserBook;
  readonly upstream: Upstream;
}

function createLine(parts: Parts): Line {
  const { settings, events, states, verifier, calls, plans, users, upstream } = parts;
  const { ledger, clock, prices, bounds } = settings;
  const refuse = createRefuse(events, clock);
  return {
    identify: createIdentify(
      settings.auth,
      { verifyAccessToken: verifier.verify },
      settings.hookMs,
      users.saw,
    ),
    authorize: createAuthorize({
      plans,
      prices,
      states,
      limits: settings.limits,
      clock,
      body: { bytesMax: bounds.bodyBytes, deadlineMs: settings.bodyMs },
    }),
    admit: createAdmit(ledger, calls, settings.limits, clock),
    tag: createTag(settings.tagger, settings.keys),
    call: createCall({
      upstream,
      turns: createTurns(bounds.inFlight, bounds.queued, settings.turnMs),
      ledger,
      events,
      apiKey: settings.apiKey,
      fixedHeaders: settings.fixedHeaders,
      hookDeadlineMs: settings.hookMs,
      answerBytesMax: bounds.answerBytes,
      onClientGone: settings.stream.onClientGone,
    }),
    meter: createMeter(refuse, settings.stream, clock),
    settle: createSettle(ledger, calls, prices, events),
    refuse,
  };
}

function upstreamOf({ fetch, baseURL, upstreamTimeouts }: Settings): Upstream {
  return fetch === undefined
    ? undiciUpstream(baseURL, upstreamTimeouts)
    : fetchUpstream(fetch, baseURL, upstreamTimeouts);
}

interface Shell {
  readonly settings: Settings;
  readonly events: Events;
  readonly refuse: Refuse;
  readonly isClosing: () => boolean;
}

type Walk = (requested: Requested) => Promise<GuardAnswer>;

/** Walks, and turns what was thrown on the way into an answer that tells nothing of the inside. */
function createAnswer(walkOn: Walk, { settings, events, refuse, isClosing }: Shell): Walk {
  const cors = createCors(settings.corsOrigins);
  const walk: Walk = async (requested) => {
    if (isClosing()) return refuse(CLOSING, requested);
    try {
      return await walkOn(requested);
    } catch (error) {
      const { what, denial } = failureOf(error);
      events.emit('failed', { what, error });
      return refuse(denial, requested);
    }
  };
  return async (requested) => {
    const preflight = cors.preflight(requested.request);
    if (preflight !== undefined) return preflight;
    const answer = await walk(requested);
    const { headers } = answer;
    headers['cache-control'] ??= 'no-store';
    headers['x-content-type-options'] = 'nosniff';
    // OpenAI's own, or ours where OpenAI never heard of the call: what a user can quote to support.
    headers['x-request-id'] ??= `guard_${randomUUID()}`;
    headers['vary'] = 'Authorization, Origin';
    cors.expose(requested.request, headers);
    return answer;
  };
}

/** `undefined` where the app has no exchange. */
function createExchange(
  { settings, ...parts }: Omit<ExchangeParts, 'hookMs' | 'body'> & { readonly settings: Settings },
  shell: Shell,
): Mountable | undefined {
  if (settings.exchange === undefined) return undefined;
  const { hookMs, bodyMs, bounds } = settings;
  const body = { bytesMax: bounds.bodyBytes, deadlineMs: bodyMs };
  const exchange = createTokenExchange({ ...parts, hookMs, body }, settings.exchange);
  const answer = createAnswer(async (requested) => {
    const answered = await exchange(requested.request);
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
    if (block !== undefined) stopCall(call, blockedDenial(block.reason));
  };
  return (call) => {
    check(call).catch((error: unknown) => {
      // That the store fails was told once; not again for each call and second.
      if (error instanceof StoreFailingError) return;
      events.emit('failed', { what: 'ledger', error });
    });
  };
}

function publicUsers({ saw: _, ...users }: UserBook): Users {
  return users;
}
