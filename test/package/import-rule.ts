import type { Edge } from '../../bench/structure/imports.ts';
import { roomOf } from '../../bench/structure/plan.ts';

/** The import rule of `src/README.md`: a folder imports only from its own row, or from rows below it. */
const LAYERS: readonly (readonly string[])[] = [
  ['index.ts'],
  ['http', 'sdk', 'admin', 'telemetry', 'safety', 'billing', 'alerts', 'secrets'],
  ['guard'],
  ['options'],
  ['pipeline'],
  [
    'auth',
    'tokens',
    'users',
    'groups',
    'accounts',
    'plans',
    'stops',
    'objects',
    'usage',
    'openai',
    'upstream',
  ],
  ['ledger'],
  ['core'],
  ['base'],
];

/** `guard` puts the parts together, so it alone may import from above, and only these. */
const ASSEMBLED = ['http', 'sdk'];

const JUDGED_BY_TESTING = ['ledger', 'core', 'base'];

const layerOf = (path: string): number =>
  LAYERS.findIndex((folders) => folders.includes(roomOf(path)));

/** What is wrong with an import, or `undefined`. */
function faultOf({ from, to }: Edge): string | undefined {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (/(^|\/)index\.ts$/.test(to)) return 'imports an index';
  if (room === target) return undefined;
  if (room === 'testing') {
    return JUDGED_BY_TESTING.includes(target) ? undefined : 'testing imports what it judges';
  }
  if (room === 'guard' && ASSEMBLED.includes(target)) return undefined;
  if (layerOf(from) === -1 || layerOf(to) === -1) return 'has no layer';
  return layerOf(from) <= layerOf(to) ? undefined : 'imports from a layer above';
}

export const nameOf = ({ from, to }: Edge): string => `${from} → ${to}`;

/** Every import that breaks the rule, as `from → to: what is wrong`. */
export function faultsOf(edges: readonly Edge[]): string[] {
  return edges.flatMap((edge) => {
    const fault = faultOf(edge);
    return fault === undefined ? [] : [`${nameOf(edge)}: ${fault}`];
  });
}
