import { type Denial, deny } from '../core/denial.ts';
import { type ModelList, modelsAndSnapshots } from '../plans/model-list.ts';

/** One stop that is active: of every call that matches each of its lists. Without lists, of every call. */
export interface ServiceStop {
  /** The models, as `guard.stop` got them. */
  readonly models?: readonly string[] | undefined;
  /** The plans, by their names. */
  readonly plans?: readonly string[] | undefined;
  /** The endpoints, such as `'chat.completions'`. */
  readonly endpoints?: readonly string[] | undefined;
  /** Why. Clients see it. */
  readonly reason: string;
  /** Since when, Unix ms. */
  readonly sinceMs: number;
  /** Whether calls that were sent before are cut too. */
  readonly cut: boolean;
}

/** The parts of a call that a stop can name. A part that is not known yet is `undefined`, and matches no stop that names it. */
export interface NamedCall {
  readonly endpoint: { readonly name: string };
  readonly plan?: { readonly names: readonly string[] };
  /** The model that the request names. */
  readonly asked?: string;
  /** Where it may be sent. */
  readonly route?: { readonly targets: readonly { readonly model: string }[] };
}

/** One stop, ready to be compared. */
interface Matcher {
  readonly stop: ServiceStop;
  readonly models: ModelList | undefined;
  readonly plans: ReadonlySet<string> | undefined;
  readonly endpoints: ReadonlySet<string> | undefined;
}

/** All that is stopped at one moment. */
export class StopList {
  readonly stops: readonly ServiceStop[];
  readonly #matchers: readonly Matcher[];
  readonly #cutting: readonly Matcher[];

  constructor(stops: readonly ServiceStop[]) {
    this.stops = stops;
    this.#matchers = stops.map(matcherOf);
    this.#cutting = this.#matchers.filter(({ stop }) => stop.cut);
  }

  /** Returns why this call, or one of the models that it may be sent to, is stopped; `undefined` if it is not. */
  denialFor(call: NamedCall): Denial | undefined {
    return this.#denial(call, this.#matchers);
  }

  /** The same for a call that was sent: only stops that cut count. */
  cutFor(call: NamedCall): Denial | undefined {
    return this.#denial(call, this.#cutting);
  }

  #denial(call: NamedCall, matchers: readonly Matcher[]): Denial | undefined {
    const found = matchers.find((matcher) => matches(matcher, call));
    return found && deny('service_stopped', `The service is stopped: ${found.stop.reason}`);
  }
}

function matcherOf(stop: ServiceStop): Matcher {
  const { models, plans, endpoints } = stop;
  return {
    stop,
    models: models && modelsAndSnapshots(models),
    plans: plans && new Set(plans),
    endpoints: endpoints && new Set(endpoints),
  };
}

function matches(
  { models, plans, endpoints }: Matcher,
  { endpoint, plan, asked, route }: NamedCall,
): boolean {
  if (endpoints?.has(endpoint.name) === false) return false;
  if (plans !== undefined && !(plan?.names.some((name) => plans.has(name)) ?? false)) return false;
  if (models === undefined) return true;
  if (asked !== undefined && models.allows(asked)) return true;
  return route?.targets.some(({ model }) => models.allows(model)) ?? false;
}
