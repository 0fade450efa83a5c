import { LRUCache } from 'lru-cache';
import { baseModel } from '../openai/prices/model-names.ts';
import type { Offer } from '../openai/prices/prices.ts';
import type { Capacity } from './capacity/capacity.ts';
import type { CapacityStatus } from './capacity/capacity-status.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ModelAliases, ModelChoice } from './model-routes.ts';
import type { UpstreamQueue } from './queue/upstream-queue.ts';
import { rendezvous } from './rendezvous.ts';
import { Target } from './target.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamStatus } from './upstream-status.ts';

/** Where the calls of one model may go, and the queue in which they wait for it. */
export interface Route {
  /** The model that is called. If the targets have different ones: a name that no model has. */
  readonly model: string;
  /** In the order of the option `models`. Never empty. */
  readonly targets: readonly Target[];
  /** All of them take what OpenAI takes. */
  readonly isPlain: boolean;
  /** What they sell, each once. */
  readonly offers: readonly Offer[];
  /** The same, in the order in which this user prefers them. */
  targetsFor(userId: string): readonly Target[];
  readonly queue: UpstreamQueue<Target>;
  /** The most that a refusal by one of them costs beyond the tokens of the request. */
  readonly refusalFeeNanoUsd: number;
}

export interface UpstreamsParts {
  readonly upstreams: readonly Upstream[];
  readonly aliases: ModelAliases;
  capacityOf(upstream: Upstream, id: string): Capacity;
  circuitOf(upstream: Upstream): CircuitBreaker;
  queueOf(targetsFor: (userId: string) => readonly Target[]): UpstreamQueue<Target>;
}

/** A plan may allow any name, so what is kept for each name is bounded. */
const KEPT_MAX = 1_000;

/** All upstreams of a guard, and the routes of its models. */
export class Upstreams {
  readonly #parts: UpstreamsParts;
  readonly #circuits: ReadonlyMap<Upstream, CircuitBreaker>;
  readonly #capacities = new LRUCache<string, Capacity>({
    max: KEPT_MAX,
    dispose: (capacity) => capacity.close(),
  });
  readonly #targets = new LRUCache<string, Target>({ max: KEPT_MAX });
  readonly #routes = new LRUCache<string, Route>({ max: KEPT_MAX });

  constructor(parts: UpstreamsParts) {
    this.#parts = parts;
    // An upstream without another one is called even if it fails.
    const guarded = parts.upstreams.length > 1 ? parts.upstreams : [];
    this.#circuits = new Map(guarded.map((each) => [each, this.#newCircuit(each)]));
  }

  get all(): readonly Upstream[] {
    return this.#parts.upstreams;
  }

  /** The names of the option `models`. */
  get aliases(): Iterable<string> {
    return this.#parts.aliases.keys();
  }

  /** Whether calls of a model go anywhere. */
  serves(model: string): boolean {
    return this.#parts.aliases.has(model) || this.all.some((each) => each.serves(model));
  }

  /** Returns where calls of a model go; `undefined` if no upstream serves it. */
  routeOf(model: string): Route | undefined {
    return this.#routes.get(model) ?? this.#newRoute(model);
  }

  /** Returns the route over some of a route's targets. */
  narrowed({ model }: Route, targets: readonly Target[]): Route {
    const key = targets.map(({ upstream, model }) => `${upstream.name}\n${model}`).join('\n\n');
    return (
      this.#routes.get(key) ??
      this.#keep(
        key,
        model,
        targets.map((target) => [target]),
      )
    );
  }

  /** Returns the state of each upstream in this process. */
  status(): UpstreamStatus[] {
    return this.all.map((upstream) => ({
      name: upstream.name,
      dialect: upstream.dialect.name,
      circuit: circuitStatus(this.#circuits.get(upstream)),
      waiting: this.#waitingFor(upstream),
      families: this.#familiesOf(upstream),
    }));
  }

  /** A call that can go to several upstreams waits for each of them. */
  #waitingFor(upstream: Upstream): number {
    const routes = [...this.#routes.values()].filter(({ targets }) =>
      targets.some((target) => target.upstream === upstream),
    );
    return routes.reduce((sum, { queue }) => sum + queue.status().waiting, 0);
  }

  #familiesOf({ name }: Upstream): CapacityStatus[] {
    const own = [...this.#capacities.values()].filter(({ id }) => id.startsWith(`${name}:`));
    return own.map((capacity) => capacity.status());
  }

  /** Ends what waits and listens. Running calls are not touched. */
  async close(): Promise<void> {
    for (const { queue } of this.#routes.values()) queue.close();
    this.#capacities.clear();
    for (const circuit of this.#circuits.values()) circuit.close();
    await Promise.all(this.all.map(({ transport }) => transport.close()));
  }

  #newRoute(asked: string): Route | undefined {
    const choices = this.#parts.aliases.get(asked) ?? [{ upstream: undefined, model: asked }];
    const pools = choices.map((choice) => this.#poolOf(choice)).filter(({ length }) => length > 0);
    const models = new Set(pools.flat().map(({ model }) => model));
    // Nothing that is known of one of several models counts for all of them.
    const [model = `${asked} (alias)`] = models.size === 1 ? models : [];
    return pools.length === 0 ? undefined : this.#keep(asked, model, pools);
  }

  #keep(key: string, model: string, pools: readonly (readonly Target[])[]): Route {
    const targets = [...new Set(pools.flat())];
    const targetsFor = pools.some(({ length }) => length > 1)
      ? (userId: string) => preferredBy(userId, pools)
      : () => targets;
    const route = {
      model,
      targets,
      isPlain: targets.every(({ upstream }) => upstream.dialect.name === 'openai'),
      offers: offersOf(targets),
      refusalFeeNanoUsd: dearestRefusal(targets),
      targetsFor,
      queue: this.#parts.queueOf(targetsFor),
    };
    this.#routes.set(key, route);
    return route;
  }

  #poolOf({ upstream: name, model }: ModelChoice): Target[] {
    return this.all
      .filter((each) => (name === undefined ? each.serves(model) : each.name === name))
      .map((each) => this.#targetOf(each, model));
  }

  #targetOf(upstream: Upstream, model: string): Target {
    const key = `${upstream.name}\n${model}`;
    const kept = this.#targets.get(key);
    if (kept !== undefined) return kept;
    const capacity = this.#capacityOf(upstream, `${upstream.name}:${baseModel(model)}`);
    const target = new Target(upstream, model, capacity, this.#circuits.get(upstream));
    this.#targets.set(key, target);
    return target;
  }

  #capacityOf(upstream: Upstream, id: string): Capacity {
    const kept = this.#capacities.get(id);
    if (kept !== undefined) return kept;
    const capacity = this.#parts.capacityOf(upstream, id);
    capacity.onOpen(() => this.#opened((target) => target.capacity === capacity));
    this.#capacities.set(id, capacity);
    return capacity;
  }

  #newCircuit(upstream: Upstream): CircuitBreaker {
    const circuit = this.#parts.circuitOf(upstream);
    circuit.onOpen(() => this.#opened((target) => target.upstream === upstream));
    return circuit;
  }

  #opened(concerns: (target: Target) => boolean): void {
    for (const target of this.#targets.values()) if (concerns(target)) target.opened();
  }
}

function circuitStatus(circuit: CircuitBreaker | undefined): UpstreamStatus['circuit'] {
  const state = circuit?.state ?? 'closed';
  return state === 'open' ? { state, opensAtMs: circuit?.opensAtMs ?? 0 } : { state };
}

/** Several keys of one host sell the same. */
function offersOf(targets: readonly Target[]): Offer[] {
  const offers = targets.map(({ model, upstream }) => ({
    model,
    provider: upstream.dialect.priceProvider,
  }));
  return offers.filter(
    ({ model, provider }, place) =>
      offers.findIndex((other) => other.model === model && other.provider === provider) === place,
  );
}

const dearestRefusal = (targets: readonly Target[]): number =>
  Math.max(...targets.map(({ upstream }) => upstream.dialect.refusalFeeNanoUsd ?? 0));

/** A pool is in the user's own order; pools are in theirs. */
function preferredBy(userId: string, pools: readonly (readonly Target[])[]): readonly Target[] {
  const preferred = pools.flatMap((pool) =>
    rendezvous(userId, pool, ({ upstream: { name: id, weight } }) => ({ id, weight })),
  );
  return [...new Set(preferred)];
}
