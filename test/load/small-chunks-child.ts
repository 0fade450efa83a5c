import { anyOf, userTokens } from '../../src/auth/index.ts';
import { createGuardedCompletion } from '../../src/index.ts';
import { hosts } from '../http/hosts.ts';

/** The settings that the parent passes as JSON in the only argument. */
export interface ChildSettings {
  readonly apiKey: string;
  readonly secret: string;
  readonly baseURL: string;
  readonly model: string;
}

export type ChildMessage =
  | { readonly kind: 'ready'; readonly token: string; readonly ports: Record<string, number> }
  | { readonly kind: 'answered'; readonly status: number; readonly bytes: number };

/** Hosts that leave the body to the guard. What their parsers keep is not the guard's. */
const OWN_READERS = hosts.filter(({ name }) => !/parser|json\(\)|middleware/.test(name));

const { model, ...upstream } = JSON.parse(process.argv[2] ?? '') as ChildSettings;
const guard = createGuardedCompletion({
  ...upstream,
  auth: anyOf(userTokens()),
  timeouts: { body: '10m', idle: '10m' },
  plans: { free: { models: [model] } },
});

const running = await Promise.all(
  OWN_READERS.map(async ({ name, start }) => [name, await start(guard, '/v1')] as const),
);
const ports = Object.fromEntries(running.map(([name, { port }]) => [name, port]));
const { value: token } = await guard.tokens.issue({ user: 'ada' });
process.send?.({ kind: 'ready', token, ports } satisfies ChildMessage);

/** Any message asks for one call in this process. */
process.on('message', async (body: object) => {
  const response = await guard.fetchAs('ada')('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { length: bytes } = await response.text();
  process.send?.({ kind: 'answered', status: response.status, bytes } satisfies ChildMessage);
});
process.on('disconnect', () => process.exit(0));
