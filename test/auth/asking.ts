import type { Authenticator } from '../../src/auth/index.ts';
import type { Guard, GuardOptions } from '../../src/index.ts';
import { chat, type Fixture, MODEL, startFixture } from '../fixture.ts';
import { NOW_SECONDS } from './logins.ts';

export interface TestClock {
  ms: number;
  nowMs(): number;
}

export const testClock = (): TestClock => ({
  ms: NOW_SECONDS * 1000,
  nowMs() {
    return this.ms;
  },
});

/** A guard that identifies its users by `auth`, with plans of the names that tokens may have. */
export function guardWith(auth: Authenticator, more: Partial<GuardOptions> = {}): Promise<Fixture> {
  const plan = { models: [MODEL], maxOutputTokens: 100 };
  const planOf = ({ plan: name = 'free' }) => name;
  return startFixture({ auth, plans: { free: plan, pro: plan }, planOf, ...more });
}

/** A call with these headers, through the adapter that an app mounts. */
export function ask(guard: Guard, headers: Record<string, string>): Promise<Response> {
  const init = { method: 'POST', body: JSON.stringify(chat()) };
  const url = 'http://app.test/v1/chat/completions';
  return guard.handler(
    new Request(url, { ...init, headers: { 'content-type': 'application/json', ...headers } }),
  );
}

export const askWith = (guard: Guard, token: string): Promise<Response> =>
  ask(guard, { authorization: `Bearer ${token}` });

/** Everything that a client can see of a response, except its own request id. */
export async function bytesOf(response: Response): Promise<string> {
  const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
  return JSON.stringify([response.status, headers, await response.text()]);
}

/** The status and code of a response. */
export async function outcomeOf(response: Response): Promise<[number, string | null]> {
  await response.text();
  return [response.status, response.headers.get('x-guard-code')];
}
