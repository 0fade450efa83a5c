/**
 * Values that belong to guards and that an app does not see. They let webhooks that are mounted beside a
 * guard reach what is inside it, also from another copy of this package: a process may load it as ESM and as
 * CommonJS. So each kind of value has one map in the process.
 */
export class Attached<Value> {
  readonly #values: WeakMap<object, Value>;

  constructor(kind: string) {
    const shared = globalThis as { [key: symbol]: WeakMap<object, Value> | undefined };
    const key = Symbol.for(`guarded-completion/${kind}`);
    shared[key] ??= new WeakMap();
    this.#values = shared[key];
  }

  attach<Guard extends object>(guard: Guard, value: Value): Guard {
    this.#values.set(guard, value);
    return guard;
  }

  /** Returns the value of a guard. `TypeError` for what `createGuardedCompletion` did not make. */
  of(guard: object): Value {
    const value = this.#values.get(guard);
    if (value !== undefined) return value;
    throw new TypeError('"guard" must be the return value of createGuardedCompletion');
  }
}
