import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One entry point of the package. */
export interface Entry {
  /** As in the `exports` of package.json: `.` or `./auth`. */
  readonly path: string;
  /** As apps import it: `guarded-completion/auth`. */
  readonly specifier: string;
  /** What it is called in `dist`, without an ending. */
  readonly bundle: string;
  /** Its file in this repository: `src/auth/index.ts`. */
  readonly source: string;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Where the source of `./name` lies; the first that exists counts. */
const PLACES: readonly ((name: string) => string)[] = [
  (name) => `src/${name}/index.ts`,
  (name) => `src/http/${name}.ts`,
  (name) => `src/ledger/${name}/${name}-ledger.ts`,
];

/** Where none of these places is right. A new entry needs a line here or none. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '.': 'src/index.ts',
  './safety': 'src/safety/safety-webhooks.ts',
  './upstreams': 'src/upstream/index.ts',
};

const ROOT = new URL('../', import.meta.url);

/** Every entry of package.json. Building, tests, types and the reference all take them from here. */
export const entries: readonly Entry[] = readEntries();

export const entryFile = ({ source }: Entry): string => fileURLToPath(new URL(source, ROOT));

function readEntries(): Entry[] {
  const text = readFileSync(new URL('package.json', ROOT), 'utf8');
  const { name, exports } = JSON.parse(text) as Manifest;
  return Object.keys(exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => {
      const bundle = path === '.' ? 'index' : path.slice(2);
      return {
        path,
        specifier: path.replace('.', name),
        bundle,
        source: ELSEWHERE[path] ?? sourceOf(path, bundle),
      };
    });
}

function sourceOf(path: string, name: string): string {
  const places = PLACES.map((place) => place(name));
  const found = places.find((place) => existsSync(new URL(place, ROOT)));
  if (found === undefined) {
    throw new Error(`The entry "${path}" has no source: none of ${places.join(', ')} exists.`);
  }
  return found;
}
