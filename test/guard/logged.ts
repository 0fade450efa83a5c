import { createGuardedCompletion, type Guard, type GuardOptions } from '../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { canaries, chat, MODEL, post, tokenOf } from '../fixture.ts';

export interface Logged extends AsyncDisposable {
  readonly guard: Guard;
  readonly fake: FakeOpenAI;
  /** Each line with its level in front. */
  readonly lines: string[];
  /** Sends one call of Ada's, and returns its status. */
  ask(body?: Record<string, unknown>): Promise<number>;
  /** Sets the clock forward. */
  forward(ms: number): void;
}

interface LoggedOptions extends Omit<Partial<GuardOptions>, 'logger'> {
  /** `unset`: without the option. Default: a logger that records. */
  readonly logger?: GuardOptions['logger'] | 'unset';
}

/** A guard without a listener, whose log is recorded. */
export async function startLogged({ logger, ...options }: LoggedOptions = {}): Promise<Logged> {
  const fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  const lines: string[] = [];
  const recorder = {
    error: (line: string) => lines.push(`error ${line}`),
    warn: (line: string) => lines.push(`warn ${line}`),
  };
  let aheadMs = 0;
  const guard = createGuardedCompletion({
    apiKey: canaries.apiKey,
    baseURL: fake.baseURL,
    secret: canaries.secret,
    plans: { free: { models: [MODEL], maxOutputTokens: 100 } },
    timeouts: { queue: '10ms' },
    clock: { nowMs: () => Date.now() + aheadMs },
    ...(logger !== 'unset' && { logger: logger ?? recorder }),
    ...options,
  });
  const token = await tokenOf(guard);
  return {
    guard,
    fake,
    lines,
    async ask(body = chat()) {
      const answer = await post(guard, token, body);
      await answer.text();
      return answer.status;
    },
    forward(ms) {
      aheadMs += ms;
    },
    async [Symbol.asyncDispose]() {
      await guard.close({ graceMs: 0 });
      await fake.close();
    },
  };
}
