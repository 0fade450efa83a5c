/** One promise about speed: which figure of which contender, compared with which other. */
export interface Target {
  readonly what: string;
  /** The name of the load it is measured under. */
  readonly load: string;
  readonly of: string;
  /** The target is the ratio to this contender; without one, the figure itself. */
  readonly to?: string;
  /** The metric, in words. */
  readonly measure: 'requests/s' | 'chunks/s' | 'verbs/s' | 'cycles/s' | 'CPU' | 'p50';
  /** `[must, try for]`: the figure is at least, or at most, that. */
  readonly atLeast?: readonly [number, number];
  readonly atMost?: readonly [number, number];
  /** What is shown of a ratio or figure; default it itself, in `×`. */
  readonly shown?: { readonly unit: string; readonly of: (value: number) => number };
}

const http = { of: 'guard-node', to: 'raw', measure: 'requests/s' } as const;
/** A cycle is two verbs; a union makes one decision. */
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
  { what: 'guard on node:http ÷ raw, JSON apart', load: 'json', ...http, atLeast: [0.62, 0.7] },
  { what: 'the same, kinds mixed', load: 'mixed json', ...http, atLeast: [0.56, 0.62] },
  {
    what: 'guard on Express ÷ raw, JSON apart',
    load: 'json',
    ...http,
    of: 'guard-express',
    atLeast: [0.52, 0.6],
  },
  {
    what: 'guard on node:http ÷ raw, streams apart',
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
    what: 'memory ledger, by promises',
    load: 'memory 1',
    of: 'current',
    measure: 'cycles/s',
    atLeast: [0.4, 0.6],
    shown: millions,
  },
  {
    what: 'the same as a guard asks it',
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
