/**
 * The data of the pipeline, in the order in which the steps make it:
 *
 *     Requested → Identified → Authorized → Admitted → Tagged → Called → Metered → Charge
 *
 * Each state of a call up to `Tagged` holds all that the states before it hold. A step may end the call
 * instead: with a `Denial`, or with an `Answered`.
 */
import type { Denial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { ByteSource, GuardResponse, HeaderList } from '../core/response.ts';
import type { Amounts } from '../ledger/amounts.ts';
import type { Violation } from '../ledger/ledger.ts';
import type { Reading } from '../openai/answer/usage.ts';
import type { UpstreamDescriptor } from '../openai/endpoints/descriptor.ts';
import type { PriceTable } from '../openai/prices/prices.ts';
import type { RateCard } from '../openai/prices/rate-card.ts';
import type { BuiltRequest } from '../openai/request/build-request.ts';
import type { GroupLimits, LimitLevels } from '../plans/limit-levels.ts';
import type { LimitStatus } from '../plans/limit-status.ts';
import type { Identity, Plan } from '../plans/plan.ts';
import type { QueuedCall } from '../upstream/queue/queued-call.ts';
import type { Turn } from '../upstream/queue/turn.ts';
import type { Redaction } from '../upstream/redaction.ts';
import type { Target } from '../upstream/target.ts';
import type { UpstreamReply } from '../upstream/transport.ts';
import type { Route } from '../upstream/upstreams.ts';
import type { CallBody } from './body-budget.ts';
import type { InFlightCall } from './in-flight.ts';

/** A call as an adapter or server code hands it over. */
export interface Requested {
  /** Set by the adapter. */
  readonly request: GuardRequest;
  /** Set by `guard.fetchAs` and `guard.client`, for a user that server code names. HTTP never sets it. */
  readonly trustedIdentity?: Identity | undefined;
  /** Set by `guard.fetchAs` and `guard.client`: server code lets this call wait behind others. */
  readonly priority?: Priority | undefined;
}

/** How a call queues for an upstream: `batch` gets a fifth of the turns of its user's plan. */
export type Priority = 'normal' | 'batch';

/** A call whose user is known. Returned by `identify`. */
export interface Identified extends Requested {
  /** Set by `identify`, from the authenticator or from `trustedIdentity`. */
  readonly identity: Identity;
}

/** A call that its plan allows, with a known upper bound. Returned by `authorize`. */
export interface Authorized extends Identified {
  /** Set by `authorize`: the plan of the user at this moment. */
  readonly plan: Plan;
  /** Set by `authorize`: the groups of the user at this moment, with all of their limits. */
  readonly groups: readonly GroupLimits[];
  /** Set by `authorize`: the limits that count this call. */
  readonly levels: LimitLevels;
  /** Set by `authorize`: the descriptor of the endpoint that is called. */
  readonly endpoint: UpstreamDescriptor;
  /** Set by `authorize`: its body in the budget of bodies in flight. Given back when the call ends. */
  readonly callBody: CallBody;
  /** Set by `authorize`: the request as it may be sent. `admit` may lower its output cap, and `tag` writes
   * the end-user id into its body. */
  readonly built: BuiltRequest;
  /** Set by `authorize`: the model that the request names, or that the plan or OpenAI chooses for it. */
  readonly asked: string;
  /** Set by `authorize`: where this call may be sent. */
  readonly route: Route;
  /** Set by `authorize`: the prices of this moment. `settle` uses them too, whatever replaced them. */
  readonly prices: PriceTable;
  /** Set by `authorize`: what the dearest of its targets costs. `undefined` where one has no price, and no
   * money limit applies. */
  readonly rateCard: RateCard | undefined;
  /** Set by `authorize`: the most that this call can use, in every unit. `admit` may lower it together
   * with the output cap. */
  readonly bound: Amounts;
  /** Set by `authorize`: the input tokens that an upstream counts against its own limit before it
   * answers. */
  readonly estimatedInputTokens: number;
}

/** A call that was answered without OpenAI. Nothing is held. Returned by `authorize`. */
export interface Answered {
  readonly response: GuardResponse;
}

/** A call whose upper bound is held on every limit that applies to it. Returned by `admit`. */
export interface Admitted extends Authorized {
  /** Begun by `admit`, ended by `settle`. The one part of a call that changes; see `README.md`. */
  readonly inFlight: InFlightCall;
  /** Set by `admit`: what is held, which is the bound. */
  readonly held: Amounts;
  /** Set by `admit`: what is left of the caller's own limits. Empty when `degraded`. */
  readonly limitStatus: LimitStatus;
  /** Set by `admit`: what its shadow limits would have refused. `undefined`: nothing. */
  readonly wouldDeny: readonly Violation[] | undefined;
  /** Set by `admit`: admitted without the store, which failed. */
  readonly degraded: boolean;
  /** Set by `admit`: its place, and its part of an upstream's capacity. `undefined`: it has to wait. */
  readonly turn: Turn<Target> | undefined;
  /** Set by `admit`: how it queues for an upstream. */
  readonly queued: QueuedCall;
}

/** A call whose body is ready: what was checked and priced is what it says. Returned by `tag`. */
export interface Tagged extends Admitted {
  /** Set by `tag`: the id by which OpenAI knows the user. */
  readonly endUserId: string;
  /** Set by `tag`: the end-user id for endpoints whose body cannot hold it. */
  readonly endUserIdHeaders: Readonly<Record<string, string>> | undefined;
}

/** A call that came back from OpenAI, or that ended before. Returned by `call`. */
export type Called = StreamAnswered | LargeAnswered | WholeAnswered | Unanswered;

interface Replied {
  readonly tagged: Tagged;
  /** Set by `call`: a reply with status 2xx. */
  readonly reply: UpstreamReply;
  /** Set by `call`: removes the key that was sent from what is passed on. */
  readonly redaction: Redaction;
}

/** A response whose body passes to the client while it is read. */
interface PassingReply extends Replied {
  /** Set by `call`: the body of the reply, from its first byte. */
  readonly body: ByteSource;
  /** Set by `call`: closes the connection to OpenAI. */
  readonly cancel: () => void;
}

/** An event stream. Its first event has been looked at. */
export interface StreamAnswered extends PassingReply {
  readonly kind: 'stream';
}

/** A response that is no stream, and too large to be collected. */
export interface LargeAnswered extends PassingReply {
  readonly kind: 'large';
}

/** A response that was read whole. */
export interface WholeAnswered extends Replied {
  readonly kind: 'whole';
  /** Set by `call`: the body. */
  readonly bytes: Uint8Array;
}

/** OpenAI refused, could not be reached, or the call was stopped before it was answered. */
export interface Unanswered {
  readonly kind: 'unanswered';
  readonly tagged: Tagged;
  /** Set by `call`: what the client gets. */
  readonly ending: Denial | GuardResponse;
  /** Set by `call`: headers of the upstream that refused it. */
  readonly headers?: HeaderList | undefined;
  /** Set by `call`: what this may have cost. */
  readonly outcome: Outcome;
}

/** A response on its way to the client. Returned by `meter`. */
export interface Metered {
  /** Set by `meter`: OpenAI's response unchanged, or a denial. */
  readonly response: GuardResponse;
  /** Set by `meter`: a value when it is known, a promise that resolves when the stream ends. */
  readonly outcome: Outcome | Promise<Outcome>;
}

/** What a call turned out to have used. Given to `settle`. */
export type Outcome =
  /** OpenAI reported it. */
  | { readonly kind: 'used'; readonly reading: Reading }
  | UnreadOutcome
  /** OpenAI refused its content: one request in every limit, and nothing else. */
  | { readonly kind: 'refused' }
  /** OpenAI did nothing for it, through no fault of the user: the hold is released, but rates keep the
   * request. */
  | { readonly kind: 'unserved' }
  /** Provably not sent: the whole hold is released. */
  | { readonly kind: 'nothing' };

/**
 * The outcome of a call whose final usage did not come. `floor` is what OpenAI reported before: it is
 * charged where it is larger.
 */
export type UnreadOutcome =
  /** Cut, and all output was visible: the input, and at most this many tokens of output. */
  | { readonly kind: 'visible'; readonly outputTokens: number; readonly floor?: Reading }
  /** Sent, and its usage is not known: the whole hold. */
  | { readonly kind: 'held'; readonly floor?: Reading };

/** What a call is charged. Made and posted by `settle`, from the outcome. */
export interface Charge {
  readonly used: Amounts;
  /** What OpenAI reported. `undefined` when it reported nothing. */
  readonly reading: Reading | undefined;
  /** Whether `used` is an upper bound. */
  readonly estimated: boolean;
}
