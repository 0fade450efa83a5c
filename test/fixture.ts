import {
  createGuardedCompletion,
  type DeniedEvent,
  type FailedEvent,
  type Guard,
  type GuardOptions,
  type SettledEvent,
} from '../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../src/testing/fake-openai/fake-openai.ts';
import { openAI } from '../src/upstream/index.ts';
import { canaries, watchToken } from './canary.ts';

export { canaries };

export const MODEL = 'gpt-5-mini';

export interface Fixture extends AsyncDisposable {
  readonly fake: FakeOpenAI;
  readonly guard: Guard;
  readonly settled: SettledEvent[];
  readonly denied: DeniedEvent[];
  readonly failed: FailedEvent[];
  readonly released: { callId: string }[];
}

const FREE = { models: [MODEL], maxOutputTokens: 100 };

interface FixtureOptions extends Partial<GuardOptions<string, string, string>> {
  /** False: a refusal for the rate teaches no rate, and pauses only for as long as it says. */
  readonly capacity?: boolean;
}

/** A guard in front of a fake OpenAI, with one unlimited plan unless the options differ. */
export async function startFixture(
  { capacity = true, ...options }: FixtureOptions = {},
  fakeOptions: Parameters<typeof fakeOpenAI>[0] = {},
): Promise<Fixture> {
  const fake = await fakeOpenAI({ apiKeys: [canaries.apiKey], ...fakeOptions });
  const account = { apiKey: canaries.apiKey, baseURL: fake.baseURL };
  const guard = createGuardedCompletion({
    ...(capacity ? account : { upstreams: { main: openAI({ ...account, capacity }) } }),
    secret: canaries.secret,
    plans: { free: FREE },
    // What a test provokes is no news on the console.
    logger: false,
    ...options,
  });
  const seen = { settled: [], denied: [], failed: [], released: [] } as Pick<
    Fixture,
    'settled' | 'denied' | 'failed' | 'released'
  >;
  guard.on('settled', (event) => void seen.settled.push(event));
  guard.on('denied', (event) => void seen.denied.push(event));
  guard.on('failed', (event) => void seen.failed.push(event));
  guard.on('released', (event) => void seen.released.push(event));
  return {
    fake,
    guard,
    ...seen,
    async [Symbol.asyncDispose]() {
      await guard.close({ graceMs: 0 });
      await fake.close();
    },
  };
}

/** A request body as an app sends it. */
export function chat(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: MODEL, messages: [{ role: 'user', content: 'Say hello.' }], ...more };
}

/** Posts to the guard's WHATWG adapter with a user token. */
export async function post(
  guard: Guard,
  token: string,
  body: unknown,
  path = '/v1/chat/completions',
): Promise<Response> {
  return guard.handler(
    new Request(`http://app.test${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

export async function tokenOf(guard: Guard, user = 'ada'): Promise<string> {
  return watchToken((await guard.tokens.issue({ user })).value);
}

/** The code of a denial, from its body. */
export async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: string } };
  return error.code;
}
