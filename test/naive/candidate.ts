import type { Guard } from '../../src/index.ts';
import { type FaultyStore, faultyStore } from '../faults/store/faulty-store.ts';
import { chat, MODEL, startFixture } from '../fixture.ts';

/** The total number of calls for each user. */
export const ROOM = 10;

/** A guard under test: it either passes a user's call on to OpenAI or does not. */
export interface Candidate extends AsyncDisposable {
  /** Returns the status of the answer. */
  call(user: string): Promise<number>;
  readonly store: FaultyStore;
  /** The number of calls that reached OpenAI. */
  served(): number;
}

/** The guard of this package. */
export async function realCandidate(): Promise<Candidate> {
  const plans = {
    free: { models: [MODEL], maxOutputTokens: 100, limits: [{ requests: ROOM, per: '24h' }] },
  };
  const store = faultyStore();
  const fixture = await startFixture({ plans, ledger: store });
  // Caches the state of the user, because these cases are not about blocked users.
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
