/** One of several backends of a soak: makes random calls until it is told to finish or killed. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPlace, type Place, withVerbs } from '../faults/killed/place.ts';
import { MODEL, soakGuard, USERS, type UserName } from './guarding.ts';
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
    const answer = await running.run(call, () => ask(user, call, choice));
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

async function ask(
  user: UserName,
  call: string,
  choice: Choices,
): Promise<{ whole: boolean; code: string | undefined }> {
  const stream = choice.chance(0.6);
  const messages = [{ role: 'user', content: 'x'.repeat(choice.between(1, 400)) }];
  const signal = choice.chance(0.15) ? AbortSignal.timeout(choice.between(1, 60)) : undefined;
  try {
    const response = await guard.fetchAs({ id: user, claims: { call } })(
      'http://guard.test/v1/chat/completions',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: MODEL, messages, stream }),
        ...(signal && { signal }),
      },
    );
    const text = await response.text();
    const whole = response.status === 200 && (!stream || text.includes('data: [DONE]'));
    return { whole, code: response.headers.get('x-guard-code') ?? undefined };
  } catch {
    return { whole: false, code: undefined };
  }
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
await opened[Symbol.asyncDispose]();
process.disconnect();
