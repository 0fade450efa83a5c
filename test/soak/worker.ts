/** One of several backends of a soak: makes random calls until it is told to finish or killed. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { toNodeHandler } from '../../src/index.ts';
import { openPlace, type Place, withVerbs } from '../faults/killed/place.ts';
import { soakGuard, USERS, type UserName } from './guarding.ts';
import { callSomehow } from './manners.ts';
import { type Choices, choices } from './random.ts';

/** The settings, passed as JSON in the only argument. */
export interface WorkerSettings {
  readonly place: Place;
  readonly baseURL: string;
  /** The name of this process in the run. Calls are named after it. */
  readonly name: string;
  readonly seeds: readonly number[];
}

export type WorkerMessage =
  | CallReport
  /** What a client received of a call. `code` is set if the guard denied it. */
  | {
      readonly kind: 'answer';
      readonly call: string;
      readonly whole: boolean;
      readonly code: string | undefined;
    }
  | { readonly kind: 'heap'; readonly bytes: number };

/** What was posted for an admitted call. */
export interface CallReport {
  readonly kind: 'posted';
  /** The name of the call in the invoice of the upstream. */
  readonly call: string;
  readonly released: boolean;
  readonly estimated: boolean;
  readonly costNanoUsd: number;
}

const { place, baseURL, name, seeds } = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
const tell = (message: WorkerMessage) => process.connected && process.send?.(message);

/** The running call, and the call of each hold, because events name the hold. */
const running = new AsyncLocalStorage<string>();
const callOfHold = new Map<string, string>();
const opened = await openPlace(place);
const ledger = withVerbs(opened.ledger, {
  async reserve(id, ...rest) {
    const call = running.getStore();
    if (call !== undefined) callOfHold.set(id, call);
    const decision = await opened.ledger.reserve(id, ...rest);
    if (!decision.granted) callOfHold.delete(id);
    return decision;
  },
});
const guard = soakGuard({ apiKey: 'sk-soak', baseURL, ledger });
guard.on('settled', ({ callId, estimated, costNanoUsd }) =>
  tellPosted(callId, { released: false, estimated, costNanoUsd }),
);
guard.on('released', ({ callId }) =>
  tellPosted(callId, { released: true, estimated: false, costNanoUsd: 0 }),
);

const handle = toNodeHandler(guard);
const server = createServer((request, response) => {
  void running.run(String(request.headers['x-call']), () => handle(request, response));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

function tellPosted(callId: string, posted: Omit<CallReport, 'kind' | 'call'>): void {
  const call = callOfHold.get(callId);
  callOfHold.delete(callId);
  if (call !== undefined) tell({ kind: 'posted', call, ...posted });
}

let ending = false;
async function callOnAndOn(user: UserName, index: number): Promise<void> {
  const choice = choices(...seeds, index);
  for (let count = 1; !ending; count += 1) {
    await operate(user, choice).catch(() => {});
    const call = `${user}/${name}/${count}`;
    const answer = await running.run(call, () => callSomehow(guard, port, { user, call, choice }));
    tell({ kind: 'answer', call, ...answer });
    await sleep(choice.between(0, 30));
  }
}

async function operate(user: UserName, choice: Choices): Promise<void> {
  if (choice.chance(0.01)) {
    await guard.users.block(user, { reason: 'at random', until: new Date(Date.now() + 300) });
  }
  if (choice.chance(0.01)) await guard.users.grant(user, { requests: 5, tokens: 100 });
}

function tellHeap(): void {
  globalThis.gc?.();
  tell({ kind: 'heap', bytes: process.memoryUsage().heapUsed });
}

const heartbeat = setInterval(tellHeap, 500);
process.on('message', () => {
  ending = true;
});
process.on('disconnect', () => process.exit(0));
await Promise.all(USERS.map(callOnAndOn));
clearInterval(heartbeat);
await guard.close({ graceMs: 2_000 });
server.closeAllConnections();
server.close();
await opened[Symbol.asyncDispose]();
process.disconnect();
