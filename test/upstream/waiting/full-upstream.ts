import type { GuardOptions } from '../../../src/index.ts';
import type { Gate } from '../../../src/testing/fake-openai/gate.ts';
import { limitCounts, type Served, serveFixture } from '../../attacks/served.ts';
import { type WatchedLedger, watchedLedger } from '../../faults/watched-ledger.ts';
import { chat, MODEL, post, tokenOf } from '../../fixture.ts';

export interface FullUpstream extends Served {
  readonly ledger: WatchedLedger;
  /** Each answer of the upstream waits here. The first is that of `zoe`, who has the only place. */
  readonly gate: Gate;
  /** Posts a call. */
  call(user: string, content?: string): Promise<Response>;
  /** Posts a call, and resolves as soon as it waits. It is one of so many of its user. */
  queue(user: string, content?: string, count?: number): Promise<{ answer: Promise<Response> }>;
  /** Ends one call after the other, until so many requests have reached the upstream. */
  sentUntil(count: number): Promise<string[]>;
}

const plan = {
  models: [MODEL],
  maxOutputTokens: 100,
  limits: [{ requests: 15, per: '24h' }, { tokens: 1_000_000, per: '24h' }, { concurrent: 12 }],
} as const;

export const plans = { free: plan, pro: { ...plan, weight: 4 } };

/** A guard with one place at its upstream, which a call of `zoe` has. All other calls wait. */
export async function fullUpstream(options: Partial<GuardOptions> = {}): Promise<FullUpstream> {
  const { bounds, ...others } = options;
  const ledger = watchedLedger();
  const served = await serveFixture({
    plans,
    planOf: () => 'free',
    bounds: { inFlight: 1, inFlightPerUser: 12, ...bounds },
    ledger,
    ...others,
  });
  const { fake, guard } = served;
  const gate = fake.gate();
  fake.script('', { beforeHeaders: gate, tokens: 1 });
  const call = async (user: string, content = user) => {
    const messages = [{ role: 'user', content }];
    return post(guard, await tokenOf(guard, user), chat({ messages }));
  };
  const queue = async (user: string, content = user, count = 1) => {
    const answer = call(user, content);
    const isHeld = async () => (await limitCounts(guard, user, 'concurrent')).held === count;
    while (!(await isHeld())) await new Promise((resolve) => setImmediate(resolve));
    return { answer };
  };
  const sentUntil = async (count: number) => {
    for (let sent = 2; sent <= count; sent += 1) {
      gate.pass();
      await fake.received(sent);
    }
    return fake.requests.slice(1, count).map(({ bodyText }) => contentIn(bodyText));
  };
  void call('zoe');
  await fake.received(1);
  return { ...served, ledger, gate, call, queue, sentUntil };
}

function contentIn(bodyText: string): string {
  const { messages } = JSON.parse(bodyText) as { messages: [{ content: string }] };
  return messages[0].content;
}
