import { watchToken } from '../canary.ts';
import { type OwnTime, passUntil } from '../faults/own-time.ts';
import { tokenOf } from '../fixture.ts';
import { openRequest, rawPost } from '../http/client.ts';
import type { Served } from './served.ts';

/** Every way in which a call can end before OpenAI has reported its usage. */
export const ways = [
  'the client closes its connection',
  'the client resets its connection',
  'the client cancels the body',
  'the client aborts by signal',
  'the client never reads',
  'the user is blocked',
  'the user token is revoked',
  'the user token expires',
  'the guard closes',
  'OpenAI ends early',
  'OpenAI resets its connection',
] as const;
export type Way = (typeof ways)[number];

/** The ways after which the call goes on without its client, if the options allow it. */
export const leavesOpenAI: ReadonlySet<Way> = new Set(ways.slice(0, 5));

/** The ways that take minutes on the guard's clock. */
export const takesTime: ReadonlySet<Way> = new Set([
  'the client never reads',
  'the user token expires',
]);

export interface Leaving {
  readonly served: Served;
  readonly time: OwnTime;
  readonly user: string;
  readonly way: Way;
  readonly path: string;
  readonly body: string;
  /** Resolves when OpenAI has sent as much as it should before the client leaves. */
  readonly arrived: () => Promise<unknown>;
}

/** Makes a call and ends it in the given way. */
export async function leave(leaving: Leaving): Promise<void> {
  const { way } = leaving;
  if (way === 'the client closes its connection') return leaveConnection(leaving, 'destroy');
  if (way === 'the client resets its connection')
    return leaveConnection(leaving, 'resetAndDestroy');
  if (way === 'the client aborts by signal') return abort(leaving);
  return leaveResponse(leaving);
}

async function leaveConnection(
  { served, time, user, path, body, arrived }: Leaving,
  by: 'destroy' | 'resetAndDestroy',
): Promise<void> {
  const post = rawPost(path, await tokenOf(served.guard, user), body);
  const { socket } = openRequest(served.port, post);
  await arrived();
  socket[by]();
  // Of a client that closed, the guard learns when it writes to it, at its next tick.
  await passUntil(served.clientGone(), time, 0);
}

async function abort({ served, user, path, body, arrived }: Leaving): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body, signal };
  const answer = served.guard.fetchAs(user)(`https://api.openai.com${path}`, init);
  // The abort rejects it, before or while it is read.
  const read = answer.then((response) => response.text()).catch(() => undefined);
  await arrived();
  controller.abort();
  await read;
}

async function leaveResponse(leaving: Leaving): Promise<void> {
  const { served, user, way, path, body, arrived } = leaving;
  const controller = new AbortController();
  const { id, value } = await served.guard.tokens.issue({ user, ttl: ttlOf(way) });
  const headers = {
    authorization: `Bearer ${watchToken(value)}`,
    'content-type': 'application/json',
  };
  const { signal } = controller;
  const init = { method: 'POST', headers, body, signal };
  const answer = served.guard.handler(new Request(`http://app.test${path}`, init));
  const isUnread = way === 'the client never reads' || way === 'the client cancels the body';
  const read = answer.then(async (response) => (isUnread ? response : response.text()));
  read.catch(() => undefined);
  await arrived();
  if (way === 'the client cancels the body') {
    // Before the headers there is no body yet.
    const response = await Promise.race([read, nothing()]);
    if (response instanceof Response) await response.body?.cancel();
    else controller.abort();
  }
  if (way === 'the user is blocked') await served.guard.users.block(user, { reason: 'abuse' });
  if (way === 'the user token is revoked') await served.guard.tokens.revoke(id);
  if (way === 'the guard closes') await served.guard.close({ graceMs: 0 });
}

const ttlOf = (way: Way) => (way === 'the user token expires' ? '2m' : '24h');

const nothing = () => new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
