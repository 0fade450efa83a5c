import type { Profiler } from 'node:inspector';

type CallFrame = Profiler.ProfileNode['callFrame'];

/** Counts the samples of a profile by the name that `nameOf` returns. Idle samples are left out. */
export function samplesBy(
  { nodes, samples = [] }: Profiler.Profile,
  nameOf: (frame: CallFrame) => string,
): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const counts = new Map<string, number>();
  for (const id of samples) {
    const frame = names.get(id);
    if (frame === undefined || frame.functionName === '(idle)') continue;
    const name = nameOf(frame);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Divides a figure among the names in proportion to their samples, largest first. */
export function sharesOf(counts: Map<string, number>, whole: number): [string, number][] {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => [name, (count / all) * whole]);
}

/** Returns the function and its place, as `name file:line`. */
export function placeOf({ functionName, url, lineNumber }: CallFrame): string {
  if (url === '') return functionName || '(native)';
  return `${functionName || '(anonymous)'} ${fileOf(url)}:${lineNumber + 1}`;
}

/** Returns the part of the program that a function belongs to. */
export function partOf({ functionName, url }: CallFrame): string {
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (url === '' || url.startsWith('node:')) return 'Node: HTTP, sockets, the system';
  // undici parses HTTP in WebAssembly.
  if (url.startsWith('wasm:')) return 'undici';
  const [folder = '', name = '', below = ''] = fileOf(url).split('/');
  if (folder === 'node_modules') return name.startsWith('@') ? `${name}/${below}` : name;
  if (folder === 'bench') return 'the contender itself';
  return name.endsWith('.ts') ? 'guard: `src/*.ts`' : `guard: \`src/${name}/\``;
}

const ROOT = new URL('../../', import.meta.url).href;

/** Returns the path from the root of the checkout, or from the last `node_modules`. */
function fileOf(url: string): string {
  const packages = url.lastIndexOf('node_modules/');
  return packages < 0 ? url.replace(ROOT, '') : url.slice(packages);
}
