import OpenAI from 'openai';
import type { User } from '../core/user.ts';
import type { FetchAs } from './fetch-as.ts';

/** No such host is ever looked up: the client's `fetch` ends in this process. */
const IN_PROCESS = 'http://guarded-completion.invalid/v1';

/** The official SDK on a `fetch` of ours; the key it insists on is never sent. */
export function createClient(fetchAs: FetchAs): (user: string | User) => OpenAI {
  return (user) =>
    new OpenAI({
      apiKey: 'in-process',
      baseURL: IN_PROCESS,
      fetch: fetchAs(user),
      // What the environment says is about OpenAI itself, not about this line.
      organization: null,
      project: null,
    });
}
