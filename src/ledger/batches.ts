export interface BatchesOptions<Verb, Answer> {
  /** Runs verbs in their order, all of them or none, and returns one answer for each. */
  run(verbs: readonly Verb[]): Promise<readonly Answer[]> | readonly Answer[];
  /** Verbs in one batch, at most. */
  readonly sizeMax: number;
  /** Batches that run at once, at most. By default there is no bound. Verbs that come meanwhile
   * form the next batch. */
  readonly underWayMax?: number;
  /** A batch that takes longer than this no longer counts as under way. By default there is no
   * such time. */
  readonly slowMs?: number;
  /** Whether a batch that failed with this error had no effect. Then each of its verbs is run
   * alone. */
  hadNoEffect(error: unknown): boolean;
}

interface Waiting<Verb, Answer> {
  readonly verb: Verb;
  readonly answer: (answer: Answer) => void;
  readonly fail: (error: unknown) => void;
}

/** Group commit: the verbs of one turn of the event loop are sent to a store together, in the
 * order in which they came. A verb that a store cannot run fails alone. */
export class Batches<Verb, Answer> {
  readonly #options: BatchesOptions<Verb, Answer>;
  readonly #underWayMax: number;
  #waiting: Waiting<Verb, Answer>[] = [];
  #underWay = 0;

  constructor(options: BatchesOptions<Verb, Answer>) {
    this.#options = options;
    this.#underWayMax = options.underWayMax ?? Number.POSITIVE_INFINITY;
  }

  /** Returns what `run` returns for this verb; throws what `run` throws. */
  add(verb: Verb): Promise<Answer> {
    return new Promise((answer, fail) => {
      const waiting = this.#waiting;
      waiting.push({ verb, answer, fail });
      if (waiting.length === 1) setImmediate(this.flush);
      if (waiting.length === this.#options.sizeMax) this.flush();
    });
  }

  /** Sends what waits, unless too many batches are under way. Does not wait for the end of the
   * turn. */
  readonly flush = (): void => {
    while (this.#waiting.length > 0 && this.#underWay < this.#underWayMax) {
      void this.#send(this.#waiting.splice(0, this.#options.sizeMax));
    }
  };

  async #send(batch: readonly Waiting<Verb, Answer>[]): Promise<void> {
    const options = this.#options;
    const end = this.#begin();
    try {
      const answers = await options.run(batch.map(({ verb }) => verb));
      for (const [index, { answer }] of batch.entries()) answer(answers[index] as Answer);
    } catch (error) {
      if (batch.length > 1 && options.hadNoEffect(error)) {
        await Promise.all(batch.map((one) => this.#send([one])));
      } else {
        for (const { fail } of batch) fail(error);
      }
    }
    end();
  }

  /** Counts a batch as under way until it ends or turns out to be a slow one. */
  #begin(): () => void {
    let counts = true;
    const end = () => {
      if (!counts) return;
      counts = false;
      clearTimeout(timer);
      const isFull = this.#underWay >= this.#underWayMax;
      this.#underWay -= 1;
      // Otherwise the verbs that wait are sent at the end of their turn, so that more join them.
      if (isFull) this.flush();
    };
    const { slowMs } = this.#options;
    const timer = slowMs === undefined ? undefined : setTimeout(end, slowMs);
    this.#underWay += 1;
    return end;
  }
}
