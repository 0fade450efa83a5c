/** One of several backends: a guard on the shared store, and the users who call it. */
import { createGuardedCompletion, type Ledger } from '../../../src/index.ts';
import { openPlace, PATIENCE, type Place, withVerbs } from '../../../test/faults/killed/place.ts';
import { choices } from '../../../test/soak/random.ts';
import { answerParent, argumentOf } from '../../measure/parent.ts';
import { callOnce, callsOf } from './calling.ts';
import type { Arrivals } from './scenarios.ts';

export interface GuardSettings {
  readonly place: Place;
  readonly baseURL: string;
  readonly arrivals: readonly Arrivals[];
  readonly seeds: readonly number[];
}

export type GuardMessage =
  | { readonly kind: 'run'; readonly startsAtMs: number; readonly endsAtMs: number }
  | { readonly kind: 'totals' }
  | { readonly kind: 'usage'; readonly users: readonly string[] };

/** What one guard has done since it started. */
export interface GuardTotals {
  /** The tokens that were settled. */
  readonly settledTokens: number;
  /** The verbs of the ledger that were called, and how many of them were reserves. */
  readonly verbs: number;
  readonly reserves: number;
  readonly failed: readonly string[];
}

/** What the ledger has counted for some users, and what it still holds. */
export interface UsageReport {
  readonly requests: number;
  readonly tokens: number;
  readonly held: number;
}

const { place, baseURL, arrivals, seeds } = argumentOf<GuardSettings>();
const opened = await openPlace(place);
let verbs = 0;
let reserves = 0;
let settledTokens = 0;
const failed: string[] = [];
const guard = createGuardedCompletion({
  apiKey: 'sk-bench',
  baseURL,
  secret: 'the secret of a bench, of more than 32 bytes',
  ledger: counting(opened.ledger),
  timeouts: { ledger: PATIENCE },
  plans: {
    free: {
      models: ['gpt-5-mini'],
      maxOutputTokens: 100_000,
      limits: [
        { requests: 1_000_000, per: '24h' },
        { tokens: 1_000_000_000, per: '24h' },
        { concurrent: 200 },
      ],
    },
  },
});
guard.on('settled', ({ inputTokens, outputTokens }) => {
  settledTokens += inputTokens + outputTokens;
});
guard.on('failed', ({ source, error, upstream }) => {
  // A call that waits in vain is counted by its code.
  if (upstream?.kind !== 'busy') failed.push(`${source}: ${String(error)}`);
});

answerParent({}, (message: GuardMessage) => {
  if (message.kind === 'run') return run(message);
  return message.kind === 'usage'
    ? usageOf(message.users)
    : ({ settledTokens, verbs, reserves, failed } satisfies GuardTotals);
});

async function run({ startsAtMs, endsAtMs }: Extract<GuardMessage, { kind: 'run' }>) {
  const running = arrivals.map(({ user, perMinute }, index) => {
    const random = choices(...seeds, index);
    return callsOf({ perMinute, startsAtMs, endsAtMs, random }, (latencyMs, tokens) =>
      callOnce(guard.fetchAs(user), { user, latencyMs, tokens }),
    );
  });
  return (await Promise.all(running)).flat();
}

async function usageOf(users: readonly string[]): Promise<UsageReport> {
  const usages = await Promise.all(users.map((user) => guard.users.usage(user)));
  const limits = usages.flatMap((usage) => usage.limits);
  const used = (unit: string) =>
    limits.reduce((sum, limit) => sum + (limit.unit === unit ? limit.used : 0), 0);
  const held = limits.reduce((sum, limit) => sum + limit.held, 0);
  return { requests: used('requests'), tokens: used('tokens'), held };
}

/** Counts the verbs of calls. */
function counting(ledger: Ledger): Ledger {
  const counted = <Given extends unknown[], Got>(verb: (...given: Given) => Got) => {
    return (...given: Given): Got => {
      verbs += 1;
      return verb.apply(ledger, given);
    };
  };
  const { reserve, settle, release, renew, credit } = ledger;
  return withVerbs(ledger, {
    reserve: counted((...given: Parameters<typeof reserve>) => {
      reserves += 1;
      return reserve.apply(ledger, given);
    }),
    settle: counted(settle),
    release: counted(release),
    renew: counted(renew),
    credit: counted(credit),
  });
}
