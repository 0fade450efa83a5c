import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Guard, type SettledEvent, toNodeHandler } from '../../src/index.ts';
import { type Fixture, startFixture, tokenOf } from '../fixture.ts';
import { rawPost } from '../http/client.ts';

export interface Served extends Fixture {
  readonly port: number;
  readonly origin: string;
  /** Resolves when the server has seen its latest client disconnect. */
  clientGone(): Promise<unknown>;
  /** Resolves when the guard has begun to wait for the body of the `count`-th request. */
  bodyAwaited(count?: number): Promise<void>;
}

/** A fixture whose guard also listens on a real node:http server, at `/v1`. */
export async function serveFixture(...settings: Parameters<typeof startFixture>): Promise<Served> {
  const fixture = await startFixture(...settings);
  const handle = toNodeHandler(fixture.guard);
  const bodies = new EventEmitter();
  let awaited = 0;
  let gone: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    // Not `once` of node:events, which rejects at a reset before the socket has closed.
    gone = new Promise((resolve) => request.socket.once('close', resolve));
    request.on('newListener', (event) => {
      if (event !== 'data') return;
      awaited += 1;
      bodies.emit('awaited');
    });
    void handle(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    ...fixture,
    port,
    origin: `http://127.0.0.1:${port}`,
    clientGone: () => gone,
    async bodyAwaited(count = 1) {
      while (awaited < count) await once(bodies, 'awaited');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await fixture[Symbol.asyncDispose]();
    },
  };
}

/** Resolves with the way in which the user's next call ends in the ledger. */
export function nextEnding(
  guard: Guard,
  userId: string,
): Promise<{ settled: SettledEvent } | { released: true }> {
  return new Promise((resolve) => {
    guard.on('settled', (event) => {
      if (event.userId === userId) resolve({ settled: event });
    });
    guard.on('released', (event) => {
      if (event.userId === userId) resolve({ released: true });
    });
  });
}

export async function nextSettled(guard: Guard, userId: string): Promise<SettledEvent> {
  const ending = await nextEnding(guard, userId);
  if ('released' in ending) throw new Error(`The call of "${userId}" was released.`);
  return ending.settled;
}

/** A raw POST of a chat completion by this user. */
export async function rawChat(guard: Guard, user: string, body: unknown): Promise<string> {
  return rawPost('/v1/chat/completions', await tokenOf(guard, user), JSON.stringify(body));
}

/** What this user has used and holds, in one unit. */
export async function limitCounts(guard: Guard, user: string, unit = 'requests') {
  const { limits } = await guard.users.usage(user);
  const row = limits.find((limit) => limit.unit === unit);
  if (row === undefined) throw new Error(`"${user}" has no limit in ${unit}.`);
  return { used: row.used, held: row.held };
}
