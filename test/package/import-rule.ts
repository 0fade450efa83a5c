import type { Edge } from './source.ts';

/**
 * The import rule of `src/README.md`: a file may import only what lies further right. Places in one
 * group may import each other as long as they form no circle.
 */
const GROUPS: readonly (readonly string[])[] = [
  ['index.ts'],
  ['http', 'sdk', 'safety', 'secrets', 'billing'],
  [
    'create-guarded-completion.ts',
    'create-line.ts',
    'answer-calls.ts',
    'failures.ts',
    'guarded-store.ts',
    'start-warnings.ts',
    'options.ts',
    'parse-exchange.ts',
    'waits.ts',
  ],
  ['pipeline.ts'],
  ['stages'],
  ['auth', 'users', 'plans', 'openai', 'upstream', 'events.ts', 'in-flight.ts', 'drains.ts'],
  ['ledger/ledger.ts'],
  [
    'errors.ts',
    'clock.ts',
    'exchange.ts',
    'deadline.ts',
    'deadlines.ts',
    'unordered-list.ts',
    'secret.ts',
    'shape.ts',
  ],
];

/** Files without knowledge of the domain. */
const BASE = ['clock.ts', 'deadline.ts', 'deadlines.ts', 'unordered-list.ts'];

const ASSEMBLY: readonly string[] = [...(GROUPS[0] ?? []), ...(GROUPS[2] ?? [])];

const folderOf = (path: string): string => path.split('/')[0] ?? path;
const ofLedger = (path: string) => folderOf(path) === 'ledger' && path !== 'ledger/ledger.ts';

/** Returns `undefined` for a file that has no place in the order. */
function groupOf(path: string): number | undefined {
  const index = GROUPS.findIndex((places) =>
    places.some((place) => path === place || path.startsWith(`${place}/`)),
  );
  return index === -1 ? undefined : index;
}

/** Returns how an import breaks the rule, or `undefined`. */
function faultOf({ from, to }: Edge): string | undefined {
  if (/(^|\/)index\.ts$/.test(to)) return 'imports an index';
  const sameFolder = from.includes('/') && folderOf(from) === folderOf(to);
  if (sameFolder) return undefined;
  if (from.startsWith('testing/')) {
    const known = ['ledger/ledger.ts', 'clock.ts'].includes(to);
    return known ? undefined : 'testing imports what it judges';
  }
  if (ofLedger(from)) {
    return [...BASE, 'errors.ts'].includes(to) ? undefined : 'a ledger knows the guard';
  }
  // These files put the parts together. Only the adapters import them.
  if (ASSEMBLY.includes(from)) return undefined;
  const [fromGroup, toGroup] = [groupOf(from), groupOf(to)];
  if (fromGroup === undefined || toGroup === undefined) return 'has no place in the line';
  return fromGroup <= toGroup ? undefined : 'imports from the left';
}

export const nameOf = ({ from, to }: Edge): string => `${from} → ${to}`;

/** Every import that breaks the rule, as `from → to: reason`. */
export function faultsOf(edges: readonly Edge[]): string[] {
  return edges.flatMap((edge) => {
    const fault = faultOf(edge);
    return fault === undefined ? [] : [`${nameOf(edge)}: ${fault}`];
  });
}

/** The files of each circle of imports, sorted. Uses Tarjan's strongly connected components. */
export function circlesOf(edges: readonly Edge[]): string[][] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const own = index.size;
    index.set(file, own);
    lowest.set(file, own);
    open.push(file);
    for (const { to } of targets.get(file) ?? []) {
      const reached = index.has(to) ? (open.includes(to) ? index.get(to) : undefined) : visit(to);
      lowest.set(file, Math.min(lowest.get(file) ?? own, reached ?? own));
    }
    if (lowest.get(file) === own) {
      const circle = open.splice(open.indexOf(file)).sort();
      if (circle.length > 1) circles.push(circle);
    }
    return lowest.get(file) ?? own;
  };
  for (const file of targets.keys()) if (!index.has(file)) visit(file);
  return circles;
}
