import type { Clock } from '../base/clock.ts';
import { nearestTo } from '../base/nearest.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { Events } from '../core/events.ts';
import { mayAllow } from '../plans/model-list.ts';
import type { Plan } from '../plans/plan.ts';
import type { ServiceStop } from './stop-list.ts';
import { type StopScope, type StopSpec, stopScope, stopSpec } from './stop-options.ts';
import type { StopRecord } from './stop-record.ts';

/** Stops calls, and lets them pass again. */
export interface ServiceStops {
  /**
   * Denies every call, or those that match each given list, with 503 `service_stopped`, in every process within
   * 1 s: no such call is sent any more. Calls that wait are denied too; those that were sent end as usual, or are
   * cut and settled with `cut: true`. Several stops may be active, at most 64; a repeat with the same lists replaces
   * the earlier one. While the ledger's store fails, each process goes by the stops that it read last. Emits
   * `stopped`. `TypeError` for an endpoint or plan that does not exist, or a model that no plan allows.
   *
   * @example
   * ```ts
   * await guard.stop({ reason: 'We are looking into a problem.', models: ['gpt-5'], cut: true });
   * ```
   */
  stop(spec: StopSpec): Promise<void>;
  /**
   * Ends every stop, or the one with the same lists as `scope`, in every process within 1 s. Returns whether one
   * ended; then it emits `resumed`.
   *
   * @example
   * ```ts
   * await guard.resume({ models: ['gpt-5'] });
   * ```
   */
  resume(scope?: StopScope): Promise<boolean>;
  /** Returns the stops that are active now, as the ledger's store has them. */
  stops(): Promise<readonly ServiceStop[]>;
}

interface ServiceStopsParts {
  readonly record: StopRecord;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly events: Events;
  readonly clock: Clock;
}

const STOPS_MAX = 64;

export function createServiceStops(parts: ServiceStopsParts): ServiceStops {
  const { record, plans, events, clock } = parts;
  return {
    async stop(spec) {
      const { reason, cut, ...lists } = parseOrThrow(stopSpec, spec, 'guard.stop');
      requireKnown(lists, plans);
      const scope = inOrder(lists);
      const added = { ...scope, reason, cut, sinceMs: clock.nowMs() };
      await record.update((stops) => withStop(stops, added));
      events.emit('stopped', { reason, cut, ...shown(scope) });
    },
    async resume(scope) {
      const ended = scope && inOrder(parseOrThrow(stopScope, scope, 'guard.resume'));
      let isChanged = false;
      await record.update((stops) => {
        const left = ended === undefined ? [] : stops.filter((stop) => !isSame(stop, ended));
        isChanged = left.length < stops.length;
        return left;
      });
      if (isChanged) events.emit('resumed', shown(ended ?? {}));
      return isChanged;
    },
    stops: () => record.stored(),
  };
}

function withStop(stops: readonly ServiceStop[], added: ServiceStop): readonly ServiceStop[] {
  const others = stops.filter((stop) => !isSame(stop, added));
  if (others.length < STOPS_MAX) return [...others, added];
  throw new TypeError(
    `"guard.stop": at most ${STOPS_MAX} stops may be active; end some with guard.resume`,
  );
}

/** The same lists in one order, each entry once. */
function inOrder({ models, plans, endpoints }: Lists): Lists {
  return {
    ...(models && { models: sorted(models) }),
    ...(plans && { plans: sorted(plans) }),
    ...(endpoints && { endpoints: sorted(endpoints) }),
  };
}

const sorted = (entries: readonly string[]) => [...new Set(entries)].sort();

const isSame = (one: Lists, other: Lists): boolean =>
  JSON.stringify(shown(one)) === JSON.stringify(shown(other));

type Lists = Pick<ServiceStop, 'models' | 'plans' | 'endpoints'>;

const shown = ({ models, plans, endpoints }: Lists) => ({ models, plans, endpoints });

/** A misspelt name would stop nothing. */
function requireKnown({ models = [], plans: names = [] }: Lists, plans: Plans): void {
  const plan = names.findIndex((name) => !plans.has(name));
  if (plan >= 0) throw unknown(`plans.${plan}`, names[plan], 'plan', [...plans.keys()]);
  const allowed = [...plans.values()].map((each) => each.models);
  const model = models.findIndex((named) => !allowed.some((list) => mayAllow(list, named)));
  if (model < 0) return;
  const known = [...new Set(allowed.flatMap(({ patterns }) => patterns))];
  throw unknown(`models.${model}`, models[model], 'model that a plan allows', known);
}

type Plans = ServiceStopsParts['plans'];

function unknown(field: string, name = '', what: string, known: readonly string[]): TypeError {
  const meant = nearestTo(name, known);
  const hint = meant === undefined ? `one of "${known.join('", "')}"` : `"${meant}"`;
  return new TypeError(`"guard.stop.${field}": "${name}" is no ${what}; did you mean ${hint}?`);
}
