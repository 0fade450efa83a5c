import type { Results } from '../measure/results.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { figure, printTable, spread } from './table.ts';
import { TARGETS, type Target } from './targets.ts';

const HEADING = ['target', 'by', 'must', 'try for', 'reached (quartiles)', 'by CPU', ''];

/** Prints how far each target is reached. Returns the targets that have no figure. */
export function printTargets(targets: readonly Target[], results: Results): readonly Target[] {
  if (targets.length === 0) return [];
  const outcomes = targets.map((target) => [target, outcomeOf(target, results)] as const);
  printTable(
    HEADING,
    outcomes.map(([target, outcome]) => row(target, outcome)),
  );
  return outcomes.filter(([, outcome]) => outcome === undefined).map(([target]) => target);
}

/** Returns the targets of these loads, without those that need a missing baseline. */
export function targetsFor(loads: readonly string[], hasBaseline: boolean): readonly Target[] {
  return TARGETS.filter(({ load, to = '' }) => {
    const isOfPart = loads.some((prefix) => load.startsWith(prefix));
    return isOfPart && (hasBaseline || !to.startsWith('baseline'));
  });
}

function row(target: Target, outcome: Outcome | undefined): string[] {
  const { what, measure, atLeast, atMost, shown } = target;
  const unit = shown?.unit ?? ' ×';
  const [must, tryFor] = atLeast ?? atMost ?? [];
  const sign = atLeast === undefined ? '≤' : '≥';
  const promised = [`${sign} ${figure(must, unit)}`, figure(tryFor, unit)];
  if (outcome === undefined) return [what, measure, ...promised, '–', '–', 'not measured'];
  const { reached, byCpu, verdict } = outcome;
  return [what, measure, ...promised, spread(reached, unit), cpuText(target, byCpu), verdict];
}

/** For a store, shows client and server. For anything else, shows the main thread and all threads. */
function cpuText({ to, shown }: Target, { mainUs, allUs, serverUs }: Outcome['byCpu']): string {
  const unit = to === undefined ? ' µs' : (shown?.unit ?? ' ×');
  return serverUs === undefined
    ? `main ${figure(mainUs, unit)}, all ${figure(allUs, unit)}`
    : `client ${figure(allUs, unit)}, server ${figure(serverUs, unit)}`;
}
