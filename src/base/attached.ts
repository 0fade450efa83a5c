/**
 * Values that belong to guards and that an app does not see. They let webhooks that are mounted beside a
 * guard reach what is inside it.
 */
export class Attached<Value> {
  readonly #values = new WeakMap<object, Value>();

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
