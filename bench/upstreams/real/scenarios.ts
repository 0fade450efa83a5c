/** In which of the processes the calls of a user arrive. */
export type Placement =
  /** Every call in a random one. */
  | 'spread'
  /** Each ordinary user in one, the heavy user in all. */
  | 'mixed'
  /** As `mixed`, with most ordinary users in the first. */
  | 'skew';

/** What is asked of one upstream limit by all processes together. Rates are calls a minute. */
export interface Scenario {
  readonly name: string;
  readonly placement: Placement;
  /** Calls of one ordinary user. */
  readonly ordinaryPerMinute: number;
  readonly heavyPerMinute: number;
  /** The part of the limit that others with the same key take. */
  readonly foreign?: number;
  /** Whether the upstream says its limits. Default true. */
  readonly headers?: boolean;
}

/** OpenAI's two limits. An average call takes 380 tokens, so that the requests bind, and the tokens nearly. */
export const LIMITS = { requests: 6_000, tokens: 2_880_000 };
export const MEAN_TOKENS = 380;
/** The time in which the limit frees one average call. */
export const GAP_MS = 60_000 / LIMITS.requests;
export const PROCESSES = 4;
export const ORDINARY_USERS = 20;
export const HEAVY = 'heavy';

/** Ordinary users take 60 % of the limit, and one user asks for 50 times as much as another. */
const LOADED = { ordinaryPerMinute: 180, heavyPerMinute: 9_000 };
/** Everybody asks for more than there is. */
const BACKLOGGED = { ordinaryPerMinute: 720, heavyPerMinute: 9_000 };

export const SCENARIOS: readonly Scenario[] = [
  { name: 'loaded, mixed', placement: 'mixed', ...LOADED },
  { name: 'backlogged, spread', placement: 'spread', ...BACKLOGGED },
  { name: 'backlogged, mixed', placement: 'mixed', ...BACKLOGGED },
  { name: 'backlogged, skew', placement: 'skew', ...BACKLOGGED },
  { name: 'loaded, others 30 %', placement: 'mixed', ...LOADED, foreign: 0.3 },
];

/** Not part of the bench: the rate of such an upstream is found within minutes, not seconds. */
export const WITHOUT_HEADERS: Scenario = {
  name: 'loaded, no headers',
  placement: 'mixed',
  ...LOADED,
  headers: false,
};

/** One user's calls in one process. */
export interface Arrivals {
  readonly user: string;
  readonly perMinute: number;
}

/** Returns the arrivals of each process. */
export function arrivalsOf(scenario: Scenario): readonly (readonly Arrivals[])[] {
  const all = Array.from({ length: PROCESSES }, (_, index) => index);
  const spread = (user: string, perMinute: number) =>
    all.map((process) => ({ process, user, perMinute: perMinute / PROCESSES }));
  const ordinary = Array.from({ length: ORDINARY_USERS }, (_, index) => {
    const user = `user-${index}`;
    const { placement, ordinaryPerMinute: perMinute } = scenario;
    if (placement === 'spread') return spread(user, perMinute);
    return [{ process: processOf(index, placement), user, perMinute }];
  }).flat();
  const everything = [...ordinary, ...spread(HEAVY, scenario.heavyPerMinute)];
  return all.map((index) => everything.filter(({ process }) => process === index));
}

/** How many ordinary users each process has, if the placement is `skew`. */
const SKEWED = [14, 3, 2, 1];

function processOf(user: number, placement: 'mixed' | 'skew'): number {
  if (placement === 'mixed') return user % PROCESSES;
  let first = 0;
  return SKEWED.findIndex((size) => {
    first += size;
    return user < first;
  });
}
