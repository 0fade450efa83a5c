import {
  backlogged,
  backloggedByWeight,
  gapOf,
  type Placement,
  type Scenario,
  withHeavyUser,
} from './scenario.ts';
import type { Report } from './tally.ts';

/** What a report must show at least. Parts of 1, and gaps: the time in which the limit frees one average call. */
export interface Targets {
  /** The wait of the ordinary users that 95 % of their calls stay below. */
  readonly p95GapsMax?: number;
  readonly jainMin?: number;
  readonly usedMin?: number;
  readonly refusalsPer1000Max?: number;
  /** Calls of ordinary users that are not served, as a part of those that are. */
  readonly unservedMax?: number;
}

export interface Row {
  readonly name: string;
  readonly scenario: Scenario;
  readonly targets: Targets;
}

const PLACEMENTS: readonly Placement[] = ['spread', 'mixed', 'skew'];
/** What ordinary users ask for together, as a part of the limit. */
const LOAD = 0.6;
/** A limit at which the tokens bind. */
const TOKENS_BIND = { rpm: 1_000, tpm: 190_000 };
const WITHOUT_HEADERS = { hasHeaders: false, warmUpMinutes: 5, minutes: 15 };
const COLD = { drained: 0.88, warmUpMinutes: 0, minutes: 3 };

const ALONE: Targets = { usedMin: 0.99, refusalsPer1000Max: 0 };
const WITH_OTHERS: Targets = { usedMin: 0.99, refusalsPer1000Max: 1 };

function rowsFor(processes: number, p95GapsMax: number): Row[] {
  const where = processes === 1 ? 'one process' : `${processes} processes`;
  const row = (name: string, scenario: Scenario, targets: Targets): Row => {
    return { name: `${where}, ${name}`, scenario, targets };
  };
  const flood = (changes: Partial<Scenario>) => withHeavyUser(LOAD, { processes, ...changes });
  return [
    ...placed(processes, (placement, suffix) => [
      row(`one heavy user${suffix}`, flood({ placement }), {
        ...ALONE,
        p95GapsMax,
        unservedMax: 0,
      }),
      row(`all users wait${suffix}`, backlogged({ processes, placement }), {
        ...ALONE,
        jainMin: placement === 'skew' ? 0.95 : 0.98,
      }),
      row(
        `all wait, with weights of 1 and 4${suffix}`,
        backloggedByWeight({ processes, placement }),
        {
          ...ALONE,
          jainMin: placement === 'skew' ? 0.95 : 0.97,
        },
      ),
    ]),
    row('others take 30 %', flood({ others: 0.3 }), { ...WITH_OTHERS, unservedMax: 0.02 }),
    row(
      'others take 60 % in turns of 20 s',
      withHeavyUser(LOAD / 2, { processes, others: 0.3, othersInBursts: true }),
      { ...WITH_OTHERS, unservedMax: 0 },
    ),
    ...[0.7, 1.5, 3].map((estimateFactor) =>
      row(
        `tokens are estimated at ${estimateFactor} of what they are`,
        flood({ ...TOKENS_BIND, estimateFactor }),
        { ...WITH_OTHERS, unservedMax: 0.001 },
      ),
    ),
    row('an empty ledger, and an upstream with 12 % left', flood(COLD), {
      ...ALONE,
      unservedMax: 0,
    }),
    row('the upstream shows no limits', flood(WITHOUT_HEADERS), {
      usedMin: 0.95,
      refusalsPer1000Max: 4,
      unservedMax: 0,
    }),
  ];
}

/** One process has all users, wherever they are. */
function placed(processes: number, rows: (placement: Placement, suffix: string) => Row[]): Row[] {
  if (processes === 1) return rows('mixed', '');
  return PLACEMENTS.flatMap((placement) => rows(placement, ` (${placement})`));
}

/** The targets of one process and of four. */
export const ROWS: readonly Row[] = [...rowsFor(1, 10), ...rowsFor(4, 16)];

/** Beyond the targets: 16 processes. */
export const MORE_ROWS: readonly Row[] = rowsFor(16, Number.POSITIVE_INFINITY).map(withoutTargets);

function withoutTargets(row: Row): Row {
  return { ...row, targets: {} };
}

/** Returns each target that a report misses. No ordinary user may ever see a refusal of the upstream. */
export function missesOf(report: Report, { scenario, targets }: Row): string[] {
  const { p95GapsMax, jainMin, usedMin, refusalsPer1000Max, unservedMax } = targets;
  const p95Gaps = report.ordinary.p95 / gapOf(scenario);
  return [
    missOf('refused ordinary calls', report.ordinaryRefused, undefined, 0),
    missOf('p95 in gaps', p95Gaps, undefined, p95GapsMax),
    missOf("Jain's index", report.jain, jainMin, undefined),
    missOf('used', report.used, usedMin, undefined),
    missOf('refusals per 1,000 calls', report.refusalsPer1000, undefined, refusalsPer1000Max),
    missOf('unserved', report.ordinaryUnserved, undefined, unservedMax),
  ].flat();
}

function missOf(name: string, value: number, min = Number.NEGATIVE_INFINITY, max = Infinity) {
  return value < min || value > max ? [`${name}: ${value}`] : [];
}
