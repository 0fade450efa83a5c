import { fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { faultyStore } from '../faults/store/faulty-store.ts';
import { chat } from '../fixture.ts';
import { type Candidate, ROOM } from './candidate.ts';

/**
 * A typical first attempt at a guard: read the count, compare, call OpenAI, write the count. It
 * lets calls through when the count cannot be read, repeats a failed write and waits for its store
 * for any time. It is wrong on purpose.
 */
export async function naiveCandidate(): Promise<Candidate> {
  const store = faultyStore();
  const fake = await fakeOpenAI({ apiKeys: ['sk-naive'] });
  const { records } = store;
  const count = async (user: string) => Number((await records.get(user))?.value ?? 0);
  const increment = async (user: string) => records.put(user, String((await count(user)) + 1));
  return {
    store,
    async call(user) {
      if ((await count(user).catch(() => 0)) >= ROOM) return 429;
      const answer = await fetch(`${fake.baseURL}/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer sk-naive', 'content-type': 'application/json' },
        body: JSON.stringify(chat()),
      });
      await answer.text();
      await increment(user)
        .catch(() => increment(user))
        .catch(() => {});
      return answer.status;
    },
    served: () => fake.requests.length,
    [Symbol.asyncDispose]: () => fake.close(),
  };
}
