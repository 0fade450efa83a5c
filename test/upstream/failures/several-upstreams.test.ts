import { describe, expect, it } from 'vitest';
import { createGuardedCompletion } from '../../../src/index.ts';
import { errorReply, openAIErrors } from '../../../src/testing/fake-openai/error-replies.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { openAI } from '../../../src/upstream/index.ts';
import type { ApiKeySource } from '../../../src/upstream/upstream-keys.ts';
import { canaries, chat, MODEL, post, tokenOf } from '../../fixture.ts';

const NO_LISTENER = 'http://127.0.0.1:1/v1';

interface Pair extends AsyncDisposable {
  readonly main: FakeOpenAI;
  readonly backup: FakeOpenAI;
  readonly events: string[];
  /** Posts a call, and returns its status. */
  call(user?: string): Promise<number>;
  /** How many requests each upstream received. */
  counts(): [main: number, backup: number];
}

interface PairOptions {
  /** The key of `main`. */
  readonly apiKey?: ApiKeySource | string;
  /** The keys that `main` accepts. */
  readonly accepted?: readonly string[];
  readonly baseURLs?: { readonly main: string; readonly backup: string };
}

/** A guard that prefers `main`, and has `backup` behind it. */
async function startPair({ apiKey, accepted, baseURLs }: PairOptions = {}): Promise<Pair> {
  const main = await fakeOpenAI(accepted && { apiKeys: accepted });
  const backup = await fakeOpenAI();
  const at = baseURLs ?? { main: main.baseURL, backup: backup.baseURL };
  const guard = createGuardedCompletion({
    upstreams: {
      main: openAI({ apiKey: apiKey ?? canaries.apiKey, baseURL: at.main }),
      backup: openAI({ apiKey: canaries.apiKey, baseURL: at.backup }),
    },
    models: { fast: [`main/${MODEL}`, `backup/${MODEL}`] },
    secret: canaries.secret,
    plans: { free: { models: ['fast', MODEL], maxOutputTokens: 100 } },
  });
  const events: string[] = [];
  guard.on('failed', ({ source }) => void events.push(source));
  return {
    main,
    backup,
    events,
    async call(user = 'ada') {
      const answer = await post(guard, await tokenOf(guard, user), chat({ model: 'fast' }));
      await answer.text();
      return answer.status;
    },
    counts: () => [main.requests.length, backup.requests.length],
    async [Symbol.asyncDispose]() {
      await guard.close({ graceMs: 0 });
      await Promise.all([main.close(), backup.close()]);
    },
  };
}

const FIRST = 'sk-first-0123456789abcdef';
const SECOND = 'sk-second-0123456789abcdef';
const rotating: ApiKeySource = (_user, { refused }) => (refused === FIRST ? SECOND : FIRST);
const busy = (retryAfterMs: string) => ({
  reply: {
    ...errorReply(429, 'requests', 'rate_limit_exceeded', 'Slow down.'),
    headers: { 'retry-after-ms': retryAfterMs },
  },
});

describe.concurrent('A guard with two upstreams', () => {
  it('A refused key is replaced by another one of its source before another upstream is called', async () => {
    await using pair = await startPair({ apiKey: rotating, accepted: [SECOND] });
    expect(await pair.call()).toBe(200);
    expect(pair.counts()).toEqual([2, 0]);
    expect(pair.events).toEqual([]);
  });

  it('An upstream whose keys are all refused is reported, and not called again', async () => {
    await using pair = await startPair({ apiKey: rotating, accepted: ['sk-other'] });
    expect(await pair.call()).toBe(200);
    expect(pair.counts()).toEqual([2, 1]);
    expect(pair.events).toContain('upstream_account');
    expect(await pair.call('bob')).toBe(200);
    expect(pair.counts()).toEqual([2, 2]);
  });

  it('An upstream that is out of credit is not called again, and all users are served', async () => {
    await using pair = await startPair();
    pair.main.script('', { reply: openAIErrors.insufficientQuota() });
    for (const user of ['ada', 'bob', 'cyd']) expect(await pair.call(user)).toBe(200);
    expect(pair.counts()).toEqual([1, 3]);
  });

  it('A call that both refuse for now is sent to the first that takes it', async () => {
    await using pair = await startPair();
    pair.main.scriptNext(busy('30'));
    pair.backup.scriptNext(busy('30000'));
    expect(await pair.call()).toBe(200);
    expect(pair.counts()).toEqual([2, 1]);
  });

  it('A call that reaches neither is tried once at each', async () => {
    await using pair = await startPair({ baseURLs: { main: NO_LISTENER, backup: NO_LISTENER } });
    expect(await pair.call()).toBe(502);
    expect(pair.counts()).toEqual([0, 0]);
  });

  it('After five failures in a row an upstream is left alone', async () => {
    await using pair = await startPair();
    pair.main.script('', { reply: openAIErrors.serverError() });
    const statuses: number[] = [];
    for (let call = 1; call <= 7; call += 1) statuses.push(await pair.call());
    expect(statuses).toEqual([502, 502, 502, 502, 502, 200, 200]);
    expect(pair.counts()).toEqual([5, 2]);
  });
});
