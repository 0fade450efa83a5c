import type { Dialect } from './dialects/dialect.ts';
import type { ApiKeyHeader, ApiKeySource } from './upstream-keys.ts';

/**
 * One upstream, as `openAI`, `azureOpenAI`, `openRouter` or `openAICompatible` describes it, for the option
 * `upstreams`. Opaque and frozen: its fields are for the guard, and may change with any version. Its key,
 * headers and query are in no printout of it.
 */
export interface UpstreamSpec {
  /** How its host speaks OpenAI's API. */
  readonly dialect: Dialect;
  /** Without a query, and without a slash at its end. */
  readonly baseURL: string;
  /** Returns the key of a call. */
  readonly keySource: ApiKeySource;
  /** The key is a string, or there is none: no call waits for it. */
  readonly hasFixedKey: boolean;
  /** The header that has the key. */
  readonly keyHeader: ApiKeyHeader;
  /** By lower-case name. They are sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Goes behind every path. */
  readonly query: Readonly<Record<string, string>>;
  /** Where an endpoint is, below the base URL. Absent: where OpenAI has it. */
  readonly pathOf?: (path: string, model: string) => string;
  /** Models that it serves: exact names, or prefixes with a `*` at the end. Absent: every model. */
  readonly models?: readonly string[];
  /** Requests a minute. Absent: not known. */
  readonly rpm?: number;
  /** Tokens a minute, as the host counts them. Absent: not known. */
  readonly tpm?: number;
  /** Its share among several upstreams that serve a model. */
  readonly weight: number;
  /** False: calls are sent whatever the host's limit is. */
  readonly capacity: boolean;
  /** Calls the host in place of undici. */
  readonly fetch?: typeof globalThis.fetch;
}

const SECRETIVE = ['keySource', 'headers', 'query'] as const satisfies (keyof UpstreamSpec)[];

/** The same in every copy of this module: a package may be loaded as ESM and as CommonJS. */
const MADE_HERE = Symbol.for('guarded-completion/upstream-spec');

/** Makes a spec that shows no secret when it is printed. */
export function upstreamSpec(fields: UpstreamSpec): UpstreamSpec {
  const spec: UpstreamSpec = { ...fields };
  for (const name of SECRETIVE) Object.defineProperty(spec, name, { enumerable: false });
  Object.defineProperty(spec, MADE_HERE, { value: true });
  return Object.freeze(spec);
}

/** Whether `upstreamSpec` made it. */
export const isUpstreamSpec = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && MADE_HERE in value;

/** Returns where an endpoint is, below the base URL, with its query. */
export function pathsOf({ pathOf, query }: UpstreamSpec): (path: string, model: string) => string {
  const search = new URLSearchParams(query).toString();
  if (pathOf === undefined) return search === '' ? (path) => path : (path) => `${path}?${search}`;
  return search === '' ? pathOf : (path, model) => `${pathOf(path, model)}?${search}`;
}
