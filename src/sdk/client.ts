import OpenAI from 'openai';

/** No such host is ever looked up: the client's `fetch` ends in this process. */
const IN_PROCESS = 'http://guarded-completion.invalid/v1';

/** Returns the official SDK on a `fetch` of one user. The key that it requires is never sent. */
export function createClient(fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({
    apiKey: 'in-process',
    baseURL: IN_PROCESS,
    fetch,
    // What the environment sets is meant for OpenAI itself, not for this guard.
    organization: null,
    project: null,
  });
}
