import type { AloneFigures } from './alone.ts';
import type { ContenderName } from './contender-process.ts';
import { type Figures, over, type Round } from './rounds.ts';
import { figure, printTable } from './table.ts';

/** One promise about speed, and how far it is kept. */
export interface Target {
  readonly what: string;
  readonly reached: number;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export function targetsOf(rounds: readonly Round[], alone: AloneFigures): readonly Target[] {
  return [...httpTargets(rounds), ...inProcessTargets(alone), ...ledgerTargets(alone)];
}

function httpTargets(rounds: readonly Round[]): Target[] {
  const ratio = (a: ContenderName, b: ContenderName, pick: (figures: Figures) => number) =>
    over(rounds, ({ of }) => pick(of[a]) / pick(of[b]));
  const requests = ({ requests }: Figures) => requests.perSecond;
  const frames = ({ streams }: Figures) => streams?.frames.perSecond ?? Number.NaN;
  const firstByte = ({ streams }: Figures) => streams?.firstByteMs ?? Number.NaN;
  const node = 'guard-node';
  const unit = ' ×';
  return [
    {
      what: 'node:http, requests/s to raw',
      reached: ratio(node, 'raw', requests),
      unit,
      atLeast: 0.78,
    },
    {
      what: 'Express, requests/s to raw',
      reached: ratio('guard-express', 'raw', requests),
      unit,
      atLeast: 0.55,
    },
    {
      what: 'on Redis, requests/s to memory',
      reached: ratio('guard-redis', node, requests),
      unit,
      atLeast: 0.6,
    },
    {
      what: 'node:http, requests/s to naive',
      reached: ratio(node, 'naive', requests),
      unit,
      atLeast: 6,
    },
    {
      what: 'node:http, requests/s to Portkey',
      reached: ratio(node, 'portkey', requests),
      unit,
      atLeast: 9,
    },
    {
      what: 'node:http, chunks/s to raw',
      reached: ratio(node, 'raw', frames),
      unit,
      atLeast: 0.93,
    },
    {
      what: 'node:http, first byte later than raw',
      reached: over(rounds, ({ of }) => firstByte(of[node]) - firstByte(of.raw)),
      unit: ' ms',
      atMost: 0.1,
    },
  ];
}

function inProcessTargets({ inProcess }: AloneFigures): Target[] {
  return [
    {
      what: 'in process, added to the SDK',
      reached: inProcess.added * 100,
      unit: ' %',
      atMost: 25,
    },
  ];
}

function ledgerTargets({ ledger, idleAccountBytes }: AloneFigures): Target[] {
  const speed = (contender: string) =>
    ledger.find((row) => row.contender.startsWith(contender))?.perSecond ?? Number.NaN;
  const cycles = speed('reserve + settle of 6');
  return [
    { what: 'ledger, cycles of 6 limits', reached: cycles / 1e6, unit: ' M/s', atLeast: 1.2 },
    {
      what: 'ledger, cycles to a union of 5',
      reached: cycles / speed('rate-limiter'),
      unit: ' ×',
      atLeast: 4,
    },
    {
      what: 'ledger, an idle account',
      reached: idleAccountBytes ?? Number.NaN,
      unit: ' B',
      atMost: 400,
    },
  ];
}

export function isMet({ reached, atLeast, atMost }: Target): boolean {
  return reached >= (atLeast ?? -Infinity) && reached <= (atMost ?? Infinity);
}

export function printTargets(targets: readonly Target[]): void {
  printTable(
    ['', 'reached', 'target', ''],
    targets.map((target) => {
      const { what, reached, unit, atLeast, atMost } = target;
      const bound =
        atLeast === undefined ? `≤ ${figure(atMost, unit)}` : `≥ ${figure(atLeast, unit)}`;
      return [what, figure(reached, unit), bound, isMet(target) ? 'met' : 'SHORT'];
    }),
  );
}
