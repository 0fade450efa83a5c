/** A user of the simulation. */
export interface SimulatedUser {
  readonly id: string;
  readonly kind: 'ordinary' | 'heavy';
  readonly callsPerMinute: number;
  readonly weight: number;
  /** The mean tokens of their calls. */
  readonly meanTokens: number;
}

/**
 * Which process gets a call. `spread`: any. `mixed`: ordinary users stay with one process, the heavy one is
 * on all: the realistic and the hard case. `skew`: as mixed, but with 14, 3, 2 and 1 of 20 users.
 */
export type Placement = 'spread' | 'mixed' | 'skew';

export interface Scenario {
  readonly users: readonly SimulatedUser[];
  readonly processes: number;
  readonly placement: Placement;
  /** The limits of the upstream, each a minute. */
  readonly rpm: number;
  readonly tpm: number;
  /** Nothing is measured before. */
  readonly warmUpMinutes: number;
  readonly minutes: number;
  /** How long the store takes for a verb, in ms. */
  readonly roundTripMs: readonly [least: number, most: number];
  /** What the estimate of a call's tokens is, as a part of what the upstream counts. */
  readonly estimateFactor: number;
  /** What others take of the same limit: all the time, or twice as much in every other 20 s. */
  readonly others: number;
  readonly othersInBursts: boolean;
  /** Whether the upstream sends its limits. */
  readonly hasHeaders: boolean;
  /** For how long the refill of the upstream's buckets can be saved, in ms. */
  readonly burstMs: number;
  /** What is taken of the upstream's limit at the start, when the ledger is empty and the limits are given. */
  readonly drained: number | undefined;
}

const BASE: Scenario = {
  users: [],
  processes: 1,
  placement: 'mixed',
  rpm: 500,
  tpm: 200_000,
  warmUpMinutes: 3,
  minutes: 12,
  roundTripMs: [0.5, 3],
  estimateFactor: 1,
  others: 0,
  othersInBursts: false,
  hasHeaders: true,
  burstMs: 60_000,
  drained: undefined,
};

const ORDINARY_USERS = 20;
const MEAN_TOKENS = 380;
const HEAVY_FACTOR = 50;

/** Twenty ordinary users who ask for this part of the limit together, and a heavy one at 50 times one of them. */
export function withHeavyUser(load: number, changes: Partial<Scenario> = {}): Scenario {
  const scenario = { ...BASE, ...changes };
  const callsPerMinute = (load * callsIn(scenario)) / ORDINARY_USERS;
  return { ...scenario, users: [...ordinaryUsers(callsPerMinute), heavyUser(callsPerMinute)] };
}

/** All users ask for more than there is: the ordinary ones for 240 % of the limit, the heavy one for 600 %. */
export function backlogged(changes: Partial<Scenario> = {}): Scenario {
  const scenario = { ...BASE, ...changes };
  const callsPerMinute = (2.4 * callsIn(scenario)) / ORDINARY_USERS;
  return { ...scenario, users: [...ordinaryUsers(callsPerMinute), heavyUser(callsPerMinute)] };
}

/** The same, where every fourth ordinary user has a weight of 4. */
export function backloggedByWeight(changes: Partial<Scenario> = {}): Scenario {
  const scenario = backlogged(changes);
  const isWeighty = ({ kind }: SimulatedUser, at: number) => kind === 'ordinary' && at % 4 === 3;
  const users = scenario.users.map((user, at) =>
    isWeighty(user, at) ? { ...user, weight: 4 } : user,
  );
  return { ...scenario, users };
}

/** How long the limit takes to free one average call, in ms. */
export const gapOf = (scenario: Scenario): number => 60_000 / callsIn(scenario);

/** How many average calls the limit allows a minute. */
const callsIn = ({ rpm, tpm }: Scenario): number => Math.min(rpm, tpm / MEAN_TOKENS);

function ordinaryUsers(callsPerMinute: number): SimulatedUser[] {
  return Array.from({ length: ORDINARY_USERS }, (_, at) => ({
    id: `user-${at}`,
    kind: 'ordinary',
    callsPerMinute,
    weight: 1,
    meanTokens: MEAN_TOKENS,
  }));
}

function heavyUser(ordinaryCallsPerMinute: number): SimulatedUser {
  const callsPerMinute = HEAVY_FACTOR * ordinaryCallsPerMinute;
  return { id: 'heavy', kind: 'heavy', callsPerMinute, weight: 1, meanTokens: MEAN_TOKENS };
}
