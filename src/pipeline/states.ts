import type { Denial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse } from '../core/response.ts';
import type { Amounts } from '../ledger/amounts.ts';
import type { Reading } from '../openai/answer/usage.ts';
import type { UpstreamDescriptor } from '../openai/endpoints/descriptor.ts';
import type { RateCard } from '../openai/prices/prices.ts';
import type { BuiltRequest } from '../openai/request/build-request.ts';
import type { LimitStatus } from '../plans/limit-status.ts';
import type { Plan } from '../plans/plan.ts';
import type { Identity } from '../plans/scope.ts';
import type { UpstreamReply } from '../upstream/upstream.ts';
import type { InFlightCall } from './in-flight.ts';

/** A call whose worst case is held on every limit that applies to it. */
export interface Admitted extends Authorized {
  readonly inFlight: InFlightCall;
  readonly held: Amounts;
  readonly limitStatus: LimitStatus;
  /** Admitted without the store, which failed. */
  readonly degraded: boolean;
}

/** A call that its plan allows, with its worst case known. */
export interface Authorized extends Identified {
  readonly plan: Plan;
  readonly endpoint: UpstreamDescriptor;
  readonly built: BuiltRequest;
  /** `undefined` for a model without a price, where no money limit applies. */
  readonly rateCard: RateCard | undefined;
  /** The most that this call can use, in every unit. */
  readonly bound: Amounts;
}

/** A call that came back from OpenAI, one way or another. */
export type Called = StreamAnswered | WholeAnswered | Unanswered;

interface Replied {
  readonly tagged: Tagged;
  readonly reply: UpstreamReply;
}

/** An event stream; nothing of it has been read. */
export interface StreamAnswered extends Replied {
  readonly kind: 'stream';
  readonly cancel: () => void;
}

export interface WholeAnswered extends Replied {
  readonly kind: 'whole';
  readonly bytes: Uint8Array;
}

/** OpenAI refused, could not be reached, or the call was stopped before it answered. */
export interface Unanswered {
  readonly kind: 'unanswered';
  readonly tagged: Tagged;
  readonly ending: Denial | GuardResponse;
  readonly outcome: Outcome;
}

/** A call that was answered without OpenAI; nothing is held. */
export interface Answered {
  readonly response: GuardResponse;
}

/** A call at the start of the line. */
export interface Requested {
  readonly request: GuardRequest;
  /** Set by server code, which vouches for its user itself; HTTP never sets it. */
  readonly trustedIdentity?: Identity | undefined;
}

export interface Identified extends Requested {
  readonly identity: Identity;
}

/** Turns a denial into the answer that OpenAI's clients understand. */
export type Refuse = (denial: Denial, at: Requested | Identified) => GuardResponse;

/** An answer on its way to the client, and what it cost, known now or when its stream ends. */
export interface Metered {
  readonly response: GuardResponse;
  readonly outcome: Outcome | Promise<Outcome>;
}

/** What a call turned out to have used. */
export type Outcome =
  /** OpenAI said so. */
  | { readonly kind: 'used'; readonly reading: Reading }
  /** Cut, and all output was visible: the input, and at most this many tokens of output. */
  | { readonly kind: 'visible'; readonly outputTokens: number }
  /** Sent, and no way to know: the whole hold. */
  | { readonly kind: 'held' }
  /** Provably nothing. */
  | { readonly kind: 'nothing' };

/** A call whose bytes are ready: what was checked and priced is what they say. */
export interface Tagged extends Admitted {
  /** By which OpenAI knows the user. */
  readonly endUserId: string;
  readonly payload: string;
  /** Names the user where the body cannot. */
  readonly endUserIdHeaders: Readonly<Record<string, string>> | undefined;
}
