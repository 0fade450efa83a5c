import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { LedgerError } from '../../core/errors.ts';
import { failureOf, type Parameter, type RedisDriver, whileMoving } from './driver.ts';
import type { RedisSettings } from './redis-options.ts';
import type { RedisScript } from './script/script.ts';

/** One namespace of a Redis: runs scripts on its keys, by one clock, within a deadline. */
export class RedisStore {
  /** All keys begin with it: a hash tag, which keeps them in one slot of a Cluster. */
  readonly prefix: string;
  readonly #driver: RedisDriver;
  readonly #deadlineMs: number;
  readonly #durable: boolean;
  readonly #clock: Clock | undefined;
  /** Keys that this process has seen and that stay. */
  readonly #seen = new Set<string>();

  constructor(driver: RedisDriver, { namespace, deadlineMs, durable, clock }: RedisSettings) {
    this.prefix = `{${namespace}}:`;
    this.#driver = driver;
    this.#deadlineMs = deadlineMs;
    this.#durable = durable;
    this.#clock = clock;
  }

  /** Returns until when a verb that begins now may take, on the monotonic clock. */
  deadline(): number {
    return performance.now() + this.#deadlineMs;
  }

  /** Runs a script, whose first key keeps the time and stays. `parameters` begin with ARGV 4. */
  async ask(
    script: RedisScript,
    keys: readonly string[],
    parameters: readonly Parameter[],
    deadline = this.deadline(),
  ): Promise<unknown> {
    const [kept = ''] = keys;
    const ownMs = this.#clock === undefined ? '' : String(Math.floor(this.#clock.nowMs()));
    const mustExist = this.#durable && this.#seen.has(kept) ? '1' : '0';
    const all = [ownMs, String(Date.now()), mustExist, ...parameters];
    const answer = await this.#within(deadline, (leftMs) =>
      whileMoving(() => this.#driver.run(script, keys, all), leftMs),
    );
    this.#seen.add(kept);
    return answer;
  }

  /** A client may wait forever for a connection, so this does not wait for the client. */
  async #within(deadline: number, ask: (leftMs: number) => Promise<unknown>): Promise<unknown> {
    const late = () => new LedgerError(`Redis did not answer within ${this.#deadlineMs} ms`);
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw late();
    try {
      return await withDeadline(ask(leftMs), leftMs, late);
    } catch (error) {
      throw failureOf(error);
    }
  }
}
