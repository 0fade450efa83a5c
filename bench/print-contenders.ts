import type { ContenderName } from './contender-process.ts';
import { type Figures, over, type Round } from './rounds.ts';
import { figure, printTable } from './table.ts';

const HEADING = [
  '64 connections, medians',
  'requests/s',
  '× raw',
  'CPU µs each',
  'p50 over direct, 1 conn.',
  'chunks/s',
  '× raw',
  'CPU µs each',
  'first byte, 1 conn.',
];

const TITLES: Readonly<Record<ContenderName, string>> = {
  raw: 'raw: node:http, undici dispatch',
  'guard-node': 'guard on node:http',
  'guard-express': 'guard on Express',
  'guard-redis': 'guard on node:http, Redis ledger',
  naive: 'Express, official SDK, rate limit',
  portkey: '@portkey-ai/gateway',
};

export function printContenders(rounds: readonly Round[]): void {
  const names = Object.keys(TITLES) as ContenderName[];
  printTable(
    HEADING,
    names.map((name) => contenderRow(name, rounds)),
  );
}

function contenderRow(name: ContenderName, rounds: readonly Round[]): string[] {
  const value = (pick: (figures: Figures) => number | undefined) =>
    over(rounds, ({ of }) => pick(of[name]));
  const toRaw = (pick: (figures: Figures) => number | undefined) =>
    over(rounds, ({ of }) => (pick(of[name]) ?? Number.NaN) / (pick(of.raw) ?? Number.NaN));
  const frames = ({ streams }: Figures) => streams?.frames.perSecond;
  const later = over(rounds, (round) => round.of[name].latencyMs - round.directLatencyMs);
  return [
    TITLES[name],
    figure(value(({ requests }) => requests.perSecond)),
    figure(toRaw(({ requests }) => requests.perSecond)),
    figure(value(({ requests }) => requests.cpuMicrosecondsEach)),
    figure(later, ' ms'),
    figure(value(frames)),
    figure(toRaw(frames)),
    figure(value(({ streams }) => streams?.frames.cpuMicrosecondsEach)),
    figure(
      value(({ streams }) => streams?.firstByteMs),
      ' ms',
    ),
  ];
}
