import type { Guard } from '../../src/index.ts';
import { type FaultyStore, faultyStore } from '../faults/store/faulty-store.ts';
import { chat, MODEL, startFixture } from '../fixture.ts';

/** How many calls each user has, in all. */
export const ROOM = 10;

/** A guard on trial: something that lets a user's call through to OpenAI, or does not. */
export interface Candidate extends AsyncDisposable {
  /** The status of the answer. */
  call(user: string): Promise<number>;
  readonly store: FaultyStore;
  /** What reached OpenAI. */
  served(): number;
}

/** The guard of this package. */
export async function realCandidate(): Promise<Candidate> {
  const plans = {
    free: { models: [MODEL], maxOutputTokens: 100, limits: [{ requests: ROOM, per: '24h' }] },
  };
  const store = faultyStore();
  const fixture = await startFixture({ plans, ledger: store });
  // Who is blocked and who is not is no matter of these cases.
  await fixture.guard.users.usage('ada');
  return {
    store,
    call: async (user) => (await ask(fixture.guard.fetchAs(user))).status,
    served: () => fixture.fake.requests.length,
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

function ask(fetchAs: ReturnType<Guard['fetchAs']>): Promise<Response> {
  return fetchAs('http://guard.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat()),
  });
}
