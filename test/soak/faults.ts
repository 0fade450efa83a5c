import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultProxy } from '../../src/testing/fault-proxy.ts';
import type { Crew } from './crew.ts';
import { type Choices, choices } from './random.ts';

/**
 * A connection that lost bytes is reset afterwards, as TCP would do, so that no reply reaches the
 * wrong request.
 */
const LOSSY: readonly Fault['kind'][] = ['blackHole', 'swallowReply', 'reset'];
const RESET = { kind: 'reset', afterBytes: 0 } as const;
const KINDS: readonly [Fault, ...Fault[]] = [
  { kind: 'blackHole' },
  { kind: 'swallowReply' },
  { kind: 'lateReply', until: 400 },
  { kind: 'latency', ms: 40 },
  { kind: 'slice', bytes: 3 },
  RESET,
];

/** Kills workers and, if there is a proxy before the store, disturbs it, until the time is over. */
export async function disturb(
  crew: Crew,
  proxy: FaultProxy | undefined,
  { seconds, seed }: { seconds: number; seed: number },
): Promise<void> {
  const choice = choices(seed, 0xfa);
  const endsAtMs = performance.now() + seconds * 1_000;
  while (performance.now() < endsAtMs) {
    await sleep(choice.between(800, 3_000));
    if (proxy !== undefined && choice.chance(0.6)) await suffer(proxy, choice);
    else await crew.killOne();
  }
}

async function suffer(proxy: FaultProxy, choice: Choices): Promise<void> {
  proxy.fault = choice.of(KINDS);
  await sleep(choice.between(100, 900));
  if (LOSSY.includes(proxy.fault.kind))
    for (const connection of proxy.open) connection.fault = RESET;
  proxy.fault = { kind: 'pass' };
}
