/** One target of speed: a figure of one contender, compared with another contender or alone. */
export interface Target {
  readonly what: string;
  /** The name of the load that it is measured under. */
  readonly load: string;
  readonly of: string;
  /** The target is the ratio to this contender. Without one, it is the figure itself. */
  readonly to?: string;
  /** The metric, in words. */
  readonly measure: 'requests/s' | 'chunks/s' | 'verbs/s' | 'cycles/s' | 'CPU' | 'p50';
  /** `[must, try for]`: lower bounds, or upper bounds in `atMost`. */
  readonly atLeast?: readonly [number, number];
  readonly atMost?: readonly [number, number];
  /** How a ratio or figure is shown. Default: unchanged, in `×`. */
  readonly shown?: { readonly unit: string; readonly of: (value: number) => number };
}

const http = { of: 'guard-node', to: 'raw', measure: 'requests/s' } as const;
/** A cycle is two verbs, and a union makes one decision. */
const verbs = { unit: ' ×', of: (ratio: number) => ratio * 2 };
const added = { unit: ' %', of: (ratio: number) => (ratio - 1) * 100 };
const millions = { unit: ' M/s', of: (perSecond: number) => perSecond / 1e6 };

const verbsToUnion = (inFlight: number, must: number): Target => ({
  what: `Redis ÷ union of five limiters, ${inFlight} in flight`,
  load: `redis ${inFlight}`,
  of: 'current',
  to: 'union',
  measure: 'verbs/s',
  atLeast: [must, 3.5],
  shown: verbs,
});

/** Every target of the project, in the order in which the bench shows them. */
export const TARGETS: readonly Target[] = [
  { what: 'guard on node:http ÷ raw, JSON alone', load: 'json', ...http, atLeast: [0.62, 0.7] },
  { what: 'the same, both kinds mixed', load: 'mixed json', ...http, atLeast: [0.56, 0.62] },
  {
    what: 'guard on Express ÷ raw, JSON alone',
    load: 'json',
    ...http,
    of: 'guard-express',
    atLeast: [0.52, 0.6],
  },
  {
    what: 'guard on node:http ÷ raw, streams alone',
    load: 'streams',
    ...http,
    measure: 'chunks/s',
    atLeast: [0.88, 0.93],
  },
  {
    what: 'in process, added to the official SDK',
    load: 'sdk',
    of: 'guard-client',
    to: 'sdk',
    measure: 'CPU',
    atMost: [10, 5],
    shown: added,
  },
  {
    what: 'added to four limits by `warnAt` and one in shadow',
    load: 'warned json',
    of: 'warned limits',
    to: 'four limits',
    measure: 'CPU',
    atMost: [3, 2],
    shown: added,
  },
  {
    what: 'guard on Redis ÷ guard on memory',
    load: 'json',
    of: 'guard-redis',
    to: 'guard-node',
    measure: 'requests/s',
    atLeast: [0.65, 0.8],
  },
  verbsToUnion(32, 2.4),
  verbsToUnion(128, 3.3),
  {
    what: 'Postgres ÷ baseline, 16 in flight',
    load: 'postgres 16',
    of: 'current',
    to: 'baseline',
    measure: 'cycles/s',
    atLeast: [1.4, 2],
  },
  {
    what: 'the same with the global limit',
    load: 'postgres 16',
    of: 'current, global',
    to: 'baseline, global',
    measure: 'cycles/s',
    atLeast: [1.6, 2],
  },
  {
    what: 'memory ledger, with promises',
    load: 'memory 1',
    of: 'current',
    measure: 'cycles/s',
    atLeast: [0.4, 0.6],
    shown: millions,
  },
  {
    what: 'the same, as the guard calls it',
    load: 'memory 1',
    of: 'in process',
    measure: 'cycles/s',
    atLeast: [0.4, 0.6],
    shown: millions,
  },
  {
    what: 'Redis ÷ baseline, one call in flight',
    load: 'redis 1',
    of: 'current',
    to: 'baseline',
    measure: 'p50',
    atMost: [1.05, 0.9],
  },
  {
    what: 'Postgres ÷ baseline, one call in flight',
    load: 'postgres 1',
    of: 'current',
    to: 'baseline',
    measure: 'p50',
    atMost: [1.5, 0.9],
  },
];
