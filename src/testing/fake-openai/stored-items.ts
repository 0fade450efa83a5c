import type { FakeJson } from './json.ts';

/** What is kept of each kind; the oldest goes first. */
const KEPT_MAX = 5_000;

/** The responses that an account keeps, and their items. OpenAI keeps each one unless `store` is `false`. */
export class StoredItems {
  readonly #items = new Map<string, FakeJson>();
  readonly #contexts = new Map<string, readonly unknown[]>();

  /** `context`: what the model read. `output`: what it wrote. */
  keep(responseId: string, context: readonly unknown[], output: readonly FakeJson[]): void {
    for (const item of output) put(this.#items, String(item['id']), item);
    put(this.#contexts, responseId, [...context, ...output]);
  }

  /** An item of a response; `undefined` if it was not kept. */
  item(id: string): FakeJson | undefined {
    return this.#items.get(id);
  }

  /** All items up to the end of a response; `undefined` if it was not kept. */
  contextOf(responseId: string): readonly unknown[] | undefined {
    return this.#contexts.get(responseId);
  }
}

function put<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > KEPT_MAX && oldest.done !== true) map.delete(oldest.value);
}
