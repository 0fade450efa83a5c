import { RateLimits } from '../../../src/testing/fake-openai/rate-limits.ts';
import type { HeaderOf } from '../../../src/upstream/queue/outlet.ts';
import type { Choices } from '../../soak/random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { logUniform, uniform } from './distributions.ts';
import type { Scenario } from './scenario.ts';

/** An upstream's decision about a call. */
export interface Answer {
  readonly isRefused: boolean;
  readonly header: HeaderOf;
  /** How long until its headers come, and then until its end, in ms. */
  readonly headersInMs: number;
  readonly endsInMs: number;
}

const BURST_MS = 20_000;

/** OpenAI's two buckets, on virtual time, with others on the same key. */
export class SimulatedUpstream {
  readonly #limits: RateLimits;
  readonly #time: VirtualTime;
  readonly #random: Choices;

  constructor(scenario: Scenario, time: VirtualTime, random: Choices) {
    const { rpm, tpm, hasHeaders, burstMs, drained, others, othersInBursts } = scenario;
    const limits = { requests: rpm, tokens: tpm, headers: hasHeaders, burstMs, clock: time };
    this.#time = time;
    this.#random = random;
    this.#limits = new RateLimits(limits);
    if (drained !== undefined) this.#limits.drain({ requests: drained, tokens: drained });
    if (othersInBursts) this.#othersComeAndGo(2 * others);
    else this.#limits.foreign(others);
  }

  get refused(): number {
    return this.#limits.refused;
  }

  /** Sends a call, and resolves when it was accepted or refused there. */
  async send(tokens: number): Promise<Answer> {
    await this.#time.pass(uniform(this.#random, 20, 80));
    const { headers, refusal } = this.#limits.admit('gpt', { max_completion_tokens: tokens });
    const header: HeaderOf = (name) => headers[headers.indexOf(name) + 1 || headers.length];
    if (refusal !== undefined) return { isRefused: true, header, headersInMs: 20, endsInMs: 0 };
    const lastsMs = logUniform(this.#random, 500, 20_000);
    // A stream begins soon. Other answers come whole.
    const headersInMs = this.#random.chance(0.5)
      ? Math.min(uniform(this.#random, 300, 1_000), lastsMs)
      : lastsMs;
    return { isRefused: false, header, headersInMs, endsInMs: lastsMs - headersInMs };
  }

  #othersComeAndGo(share: number): void {
    this.#limits.foreign(share);
    this.#time.schedule(BURST_MS, () => {
      this.#limits.foreign(0);
      this.#time.schedule(BURST_MS, () => this.#othersComeAndGo(share));
    });
  }
}
