import { Deadlines } from '../base/deadlines.ts';
import type { Events } from '../core/events.ts';
import { createRefuse } from '../http/denial-response.ts';
import type { Settings } from '../options/guard-options.ts';
import { createAdmit } from '../pipeline/admit.ts';
import { createAuthorize } from '../pipeline/authorize.ts';
import { createCall } from '../pipeline/call.ts';
import type { CallLedger } from '../pipeline/call-ledger.ts';
import { createIdentify } from '../pipeline/identify.ts';
import type { InFlightCall, InFlightCalls } from '../pipeline/in-flight.ts';
import { createMeter } from '../pipeline/meter.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { createSettle } from '../pipeline/settle.ts';
import { createTag } from '../pipeline/tag.ts';
import type { PlanResolver } from '../plans/plan-resolver.ts';
import type { Credentials } from '../tokens/credentials.ts';
import { createUpstreamQueue } from '../upstream/queue.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createUpstreamKeys } from '../upstream/upstream-keys.ts';
import type { EndUserIds } from '../users/end-user-ids.ts';
import { createIdentifierBlock } from '../users/identifier-block.ts';
import type { UserStates } from '../users/user-states.ts';
import type { GuardUsers } from '../users/users.ts';

export interface PipelineParts {
  readonly settings: Settings;
  readonly ledger: CallLedger;
  readonly events: Events;
  readonly states: UserStates;
  readonly credentials: Credentials;
  readonly calls: InFlightCalls;
  readonly plans: PlanResolver;
  readonly users: GuardUsers;
  readonly endUserIds: EndUserIds;
  readonly upstream: Upstream;
}

/** The stages of the line, each with what it needs. */
export function createPipeline(parts: PipelineParts): Pipeline {
  const { settings, ledger, events, states, credentials, calls, plans } = parts;
  const { users, endUserIds, upstream } = parts;
  const { clock, prices, bounds } = settings;
  const drain = (call: InFlightCall) => calls.drain(call);
  const refuse = createRefuse(events, clock);
  const blockIdentifier = createIdentifierBlock({ users, states, events, clock });
  const turns = createUpstreamQueue(bounds.inFlight, bounds.queued, settings.queueMs);
  const isInProcess = settings.ledger.inProcess !== undefined;
  // A ledger in this process would not survive the crash that it is told for.
  const leavesAtOnce = () => isInProcess || (settings.hasFixedKey && turns.isFree);
  return {
    identify: createIdentify(settings.auth, credentials.context, settings.hookMs, users.remember),
    authorize: createAuthorize({
      plans,
      prices,
      states,
      limits: settings.limits,
      clock,
      body: { bytesMax: bounds.bodyBytes, deadline: new Deadlines(settings.bodyMs) },
    }),
    admit: createAdmit({ ledger, calls, limits: settings.limits, clock, leavesAtOnce }),
    tag: createTag(settings.endUserIdOf, settings.keys, endUserIds.remember),
    call: createCall({
      upstream,
      queue: turns,
      ledger,
      events,
      keys: createUpstreamKeys(settings.apiKey, settings.fixedHeaders, settings.hookMs),
      answerBytesMax: bounds.answerBytes,
      drain,
      blockIdentifier,
    }),
    meter: createMeter({
      refuse,
      stream: settings.stream,
      drain,
      clock,
      blockIdentifier,
    }),
    settle: createSettle(ledger, calls, prices, events),
    refuse,
  };
}
