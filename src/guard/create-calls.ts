import type { Events } from '../core/events.ts';
import type { UserGroups } from '../groups/user-groups.ts';
import type { Settings } from '../options/guard-options.ts';
import type { CallLedger } from '../pipeline/call-ledger.ts';
import { type InFlightCall, InFlightCalls } from '../pipeline/in-flight.ts';
import { renewLease } from '../pipeline/lease.ts';
import { stopIfRefused } from '../pipeline/stop-if-refused.ts';
import { StopRecord } from '../stops/stop-record.ts';
import type { TokenVerifier } from '../tokens/token-verifier.ts';
import type { UserStates } from '../users/user-states.ts';
import { storeReporter } from './guarded-store.ts';

interface CallsParts {
  readonly settings: Settings;
  readonly events: Events;
  readonly ledger: CallLedger;
  readonly states: UserStates;
  readonly groups: UserGroups;
  readonly verifier: TokenVerifier;
}

interface Calls {
  readonly calls: InFlightCalls;
  readonly stops: StopRecord;
}

/** Makes the list of calls in flight. A change that refuses some of them ends these, in every process. */
export function createCalls(parts: CallsParts): Calls {
  const { settings, events, ledger, states, groups, verifier } = parts;
  const { clock, inFlightBounds } = settings;
  const calls = new InFlightCalls(clock, inFlightBounds, (call, nowMs) => {
    renewLease(ledger, call, nowMs);
    // A change notice may be lost, or come while a call was on its way in.
    stopIfRefused(call, refusals);
  });
  const stopRefused = (changed: readonly InFlightCall[]) => {
    for (const call of changed) stopIfRefused(call, refusals);
  };
  const stops = new StopRecord(settings.ledger.records, () => stopRefused(calls.ofUser(undefined)));
  const refusals = { states, groups, stops, verifier, clock, onError: storeReporter(events) };
  states.onChange((userId) => stopRefused(calls.ofUser(userId)));
  groups.states.onChange((name) => stopRefused(calls.ofGroup(name)));
  verifier.onChange((tokenId) => stopRefused(calls.ofToken(tokenId)));
  return { calls, stops };
}
