import type { RedisDriver } from './driver.ts';
import type { RedisStore } from './redis-store.ts';
import { BATCH, LOAD_ONLY } from './script/batch.ts';
import { accountKey, fixedKeys } from './script/layout.ts';
import { answersIn, requestOf, type Verb, type VerbReply } from './verb.ts';

/** Runs verbs in one script, all of them or none. */
export class BatchRunner {
  readonly #store: RedisStore;
  readonly #fixedKeys: readonly string[];

  constructor(store: RedisStore) {
    this.#store = store;
    this.#fixedKeys = fixedKeys(store.prefix);
  }

  /**
   * The script may need accounts that no verb named: leases that are over end first, and only the id
   * is known of a hold that another process took. Then it has no effect, and is run again with these
   * accounts.
   */
  async run(verbs: readonly Verb[]): Promise<readonly VerbReply[]> {
    const deadline = this.#deadlineOf(verbs);
    const { accounts, parameters } = requestOf(verbs);
    let needed: readonly string[] = [];
    for (;;) {
      const keys = this.#keysOf(accounts, needed);
      const reply = (await this.#store.ask(BATCH, keys, parameters, deadline)) as unknown[];
      const result = answersIn(reply, verbs);
      if ('answers' in result) return result.answers;
      needed = result.needs;
    }
  }

  /** A verb that is run again has no more time than it had. */
  #deadlineOf(verbs: readonly Verb[]): number {
    const fresh = this.#store.deadline();
    for (const verb of verbs) verb.deadline ??= fresh;
    return verbs[0]?.deadline ?? fresh;
  }

  #keysOf(accounts: readonly string[], needed: readonly string[]): string[] {
    const keys = [...this.#fixedKeys];
    for (const account of accounts) keys.push(accountKey(this.#store.prefix, account));
    for (const account of needed) keys.push(accountKey(this.#store.prefix, account));
    return keys;
  }
}

/** Loads the script before the first verbs come. If that fails, the verbs send it themselves. */
export function loadBatch(driver: RedisDriver, namespace: string): void {
  driver.run(BATCH, fixedKeys(`{${namespace}}:`), [LOAD_ONLY]).catch(() => {});
}
