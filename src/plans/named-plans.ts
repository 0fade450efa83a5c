import { LRUCache } from 'lru-cache';
import { mergePlans } from './merge-plans.ts';
import type { Plan } from './plan.ts';
import type { PlanNames } from './plan-names.ts';

const CACHED_COMBINATIONS_MAX = 1_000;
/** Plans that a user can have at once. */
export const NAMES_MAX = 16;

/** The plans of a guard, by the names that users have. */
export class NamedPlans {
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #merged = new LRUCache<string, Plan>({ max: CACHED_COMBINATIONS_MAX });

  constructor(plans: ReadonlyMap<string, Plan>) {
    this.#plans = plans;
  }

  /** Returns all plans of these names as one. `TypeError` for a name that is no plan; `source` says where the
   * name is from, such as `"planOf" returned`. */
  find(names: PlanNames, source: string): Plan {
    if (!Array.isArray(names)) return this.#one(names, source);
    const [first, ...others] = new Set<unknown>(names);
    if (others.length === 0) return this.#one(first, source);
    if (others.length >= NAMES_MAX) {
      throw new TypeError(`${source} ${others.length + 1} plans: a user has at most ${NAMES_MAX}`);
    }
    const combination = JSON.stringify([first, ...others]);
    const known = this.#merged.get(combination);
    if (known !== undefined) return known;
    const plan = mergePlans([
      this.#one(first, source),
      ...others.map((name) => this.#one(name, source)),
    ]);
    this.#merged.set(combination, plan);
    return plan;
  }

  #one(name: unknown, source: string): Plan {
    const plan = typeof name === 'string' ? this.#plans.get(name) : undefined;
    if (plan !== undefined) return plan;
    const known = [...this.#plans.keys()].map((each) => JSON.stringify(each)).join(', ');
    throw new TypeError(`${source} ${shown(name)}, which is no plan: the plans are ${known}`);
  }
}

const SHOWN_LENGTH_MAX = 64;

function shown(name: unknown): string {
  if (typeof name === 'string') return JSON.stringify(name.slice(0, SHOWN_LENGTH_MAX));
  return name === undefined || name === null ? String(name) : `a value of the type ${typeof name}`;
}
