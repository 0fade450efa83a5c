import type { GuardEvents } from '../core/events.ts';
import { failureLine } from '../core/failure-line.ts';
import type { ThresholdEvent } from '../core/limit-events.ts';
import { onOneLine, withoutSecrets } from '../core/redact-text.ts';

const TEXT_LENGTH_MAX = 1_000;

/** What a receiver gets of an event. */
export interface Alert {
  /** One sentence or more, on one line. It may quote a user's id. */
  readonly text: string;
  /** As JSON. Contains no prompt, no key and no credential. */
  readonly data: unknown;
}

const clean = (text: string): string => onOneLine(withoutSecrets(text)).slice(0, TEXT_LENGTH_MAX);

const listed = (names: readonly string[] | undefined, what: string): string =>
  names === undefined ? '' : ` (${what}: ${names.join(', ')})`;

const which = ({ models, plans, endpoints }: GuardEvents['resumed']): string =>
  listed(models, 'models') + listed(plans, 'plans') + listed(endpoints, 'endpoints');

/** How each event is told. Its keys are the events that can be sent. */
export const alerts = {
  threshold: (event: GuardEvents['threshold']) => ({ text: thresholdText(event), data: event }),
  degraded: ({ reason, atMs }: GuardEvents['degraded']) => ({
    text: `The store of the ledger fails: ${reason}`,
    data: { reason: clean(reason), atMs },
  }),
  recovered: (event: GuardEvents['recovered']) => ({
    text: `The store of the ledger works again after ${Math.ceil(event.failedForMs / 1_000)} s. Calls that were decided without it: ${event.served} served, ${event.refused} refused.`,
    data: event,
  }),
  stopped: (event: GuardEvents['stopped']) => ({
    text: `Calls are stopped${which(event)}: ${event.reason}`,
    data: event,
  }),
  resumed: (event: GuardEvents['resumed']) => ({
    text: `Calls are served again${which(event)}.`,
    data: event,
  }),
  failed: (event: GuardEvents['failed']) => {
    const { source, callId } = event;
    const text = failureLine(event);
    return { text, data: { source, callId, message: clean(text) } };
  },
} as const;

/** The events that a webhook can send. */
export type AlertEventName = keyof typeof alerts;

export const alertNames = Object.keys(alerts) as readonly AlertEventName[];

/** Returns what is told of an event. */
export function alertOf<Name extends AlertEventName>(name: Name, event: GuardEvents[Name]): Alert {
  const { text, data } = (alerts[name] as (event: GuardEvents[Name]) => Alert)(event);
  return { text: clean(text), data };
}

function thresholdText(event: ThresholdEvent): string {
  const { limit, fraction, used, amount, unit, resetsAtMs, burnRate } = event;
  const percent = Math.round(fraction * 100);
  const again = resetsAtMs === undefined ? '' : ` More from ${new Date(resetsAtMs).toISOString()}.`;
  const rate = burnRate === undefined ? '' : ` Burn rate ${burnRate.toFixed(1)}.`;
  return `Limit "${limit}" ${whose(event)} has reached ${percent} %: ${used} of ${amount} ${unit} used.${again}${rate}`;
}

function whose({ level, userId, group }: ThresholdEvent): string {
  if (level === 'global') return 'of all users';
  if (group !== undefined) return `of the ${group.kind} "${group.id}"`;
  return level === 'token' ? `of a user token of "${userId}"` : `of the user "${userId}"`;
}
