import type { Descriptor, PathParams } from './descriptor.ts';
import { descriptors } from './descriptors.ts';

interface FoundEndpoint {
  /** All endpoints of the path, so that a wrong method is 405 and not 404. Never empty. */
  readonly endpoints: readonly Descriptor[];
  readonly params: PathParams;
}

const VERSION_PREFIX = '/v1';
/** One segment that means the same to every server: nothing in it is escaped. */
const SEGMENT = '([A-Za-z0-9][A-Za-z0-9._:-]{0,127})';
const PARAM = /\{(\w+)\}/g;
const NO_PARAMS: PathParams = {};

const byTemplate = Map.groupBy(descriptors, ({ path }) => path);

/** Paths without parameters, with and without the version. */
const exact: ReadonlyMap<string, FoundEndpoint> = new Map(
  [...byTemplate]
    .filter(([path]) => !path.includes('{'))
    .flatMap(([path, endpoints]) => {
      const found = { endpoints, params: NO_PARAMS };
      return [path, VERSION_PREFIX + path].map((key) => [key, found] as const);
    }),
);

const patterns = [...byTemplate]
  .filter(([path]) => path.includes('{'))
  .map(([path, endpoints]) => ({
    endpoints,
    pattern: new RegExp(`^(?:${VERSION_PREFIX})?${path.replaceAll(PARAM, SEGMENT)}$`),
    names: [...path.matchAll(PARAM)].map(([, name = '']) => name),
  }));

/**
 * Finds the endpoint with exactly the path `rawPath`, with or without `/v1` before it and one slash behind
 * it. Nothing is decoded, folded or normalised: a path that would need it is not served. `undefined`: 404.
 */
export function findEndpoint(rawPath: string): FoundEndpoint | undefined {
  const path = rawPath.endsWith('/') ? rawPath.slice(0, -1) : rawPath;
  const found = exact.get(path);
  if (found !== undefined) return found;
  for (const { endpoints, pattern, names } of patterns) {
    const values = pattern.exec(path)?.slice(1);
    if (values === undefined) continue;
    const params = Object.fromEntries(values.map((value, i) => [names[i], value]));
    return { endpoints, params };
  }
  return undefined;
}
