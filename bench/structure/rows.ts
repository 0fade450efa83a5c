import type { Sizes, Structure } from './measure.ts';

/** The table, a measure a row: what it is called, and how a tree's figure is written. */
export const ROWS: readonly (readonly [string, (structure: Structure) => string])[] = [
  ['files', ({ files }) => whole(files)],
  ['lines', ({ lines }) => whole(lines)],
  ['file: median · p95 · max', ({ fileLines }) => three(fileLines)],
  ['files < 25 lines', ({ filesUnder25, files }) => ofAll(filesUnder25, files)],
  ['functions with a block', ({ functions }) => whole(functions)],
  ['function: median · p95', ({ functionLines: { median, p95 } }) => `${median} · ${p95}`],
  ['> 50 / > 70 lines', (s) => `${percent(s.functionsOver50)} / ${percent(s.functionsOver70)}`],
  ['nested ≥ 3 deep', ({ nested3Deep }) => percent(nested3Deep)],
  ['≥ 4 parameters', ({ fourParameters }) => percent(fourParameters)],
  ['exported names (per file)', (s) => perFile(s.exportedNames, s.files)],
  ['imports per file', ({ imports }) => imports.toFixed(1)],
  ['import depth: all · values only', (s) => `${s.importDepth} · ${s.valueDepth}`],
  ['circles: all (files) · values', (s) => `${counted(s.circles)} · ${s.valueCircles.length}`],
  ['median files one file reaches', ({ medianReach }) => whole(medianReach)],
  ['comments, share of lines', ({ comments }) => percent(comments)],
  ['exported names with a docstring', ({ documented }) => percent(documented)],
  ['`@example` in docstrings', ({ examples }) => whole(examples)],
  ['6-line duplication', ({ duplication }) => percent(duplication)],
  ['`any` · casts per 1,000 lines', (s) => `${one(s.anyPer1000)} · ${one(s.castsPer1000)}`],
  ['largest folder, files', ({ largestFolder: { path, files } }) => `${files} (\`${path}\`)`],
  ['test : source lines', ({ tests }) => tests?.ratio.toFixed(1) ?? '–'],
  ['test file: median · p95 · max', ({ tests }) => (tests ? three(tests.fileLines) : '–')],
  ['rooms · arrows', ({ plan }) => `${plan.rooms} · ${plan.arrows}`],
  [
    'circles of rooms (rooms)',
    ({ plan }) => counted(plan.roomCircles.map(({ members }) => members)),
  ],
  ['files in the root', ({ plan }) => whole(plan.rootFiles.length)],
  [
    'folders in a circle',
    ({ plan }) => ofAll(plan.folderCircles.flatMap(({ members }) => members).length, plan.folders),
  ],
  ['pairs of folders that import each other', ({ plan }) => whole(plan.mutualFolders.length)],
];

const whole = (value: number): string => value.toLocaleString('en');
const one = (value: number): string => value.toFixed(value === 0 ? 0 : 1);
const three = ({ median, p95, max }: Sizes): string => [median, p95, max].map(whole).join(' · ');
const percent = (share: number): string =>
  `${(share * 100).toFixed(share === 0 || share >= 0.1 ? 0 : 1)} %`;
const ofAll = (count: number, all: number): string => `${count} (${percent(count / all)})`;
const perFile = (count: number, files: number): string =>
  `${whole(count)} (${(count / files).toFixed(1)})`;
const counted = (circles: readonly (readonly string[])[]): string =>
  `${circles.length} (${circles.flat().length})`;

/** What the figures are about, by name. */
export function details({ circles, plan }: Structure): string[] {
  return [
    ...circles.map((circle) => `circle of files: ${circle.join(', ')}`),
    ...plan.roomCircles.map(({ members }) => `circle of rooms: ${members.join(', ')}`),
    ...plan.folderCircles.map(({ members }) => `circle of folders: ${members.join(', ')}`),
    ...plan.mutualFolders.map((pair) => `import each other: ${pair}`),
    `files in the root: ${plan.rootFiles.join(', ')}`,
  ];
}
