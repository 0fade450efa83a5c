/** Every endpoint that is served, by the name that plans and tokens use. */
export const endpointNames = [
  'chat.completions',
  'responses',
  'completions',
  'embeddings',
  'moderations',
  'realtime.client_secrets',
  'models.list',
  'models.retrieve',
] as const;

export type EndpointName = (typeof endpointNames)[number];

/** How an endpoint bounds the tokens it writes. */
export interface OutputCap {
  /** The one field that leaves. */
  readonly field: string;
  /** Every field by which clients of this endpoint say it. */
  readonly spellings: readonly string[];
  /** The least that OpenAI accepts. */
  readonly least: number;
  /** What OpenAI takes when a client says nothing; `undefined`: all that the model can. */
  readonly absent?: number;
}

/** What one path is, to all stages of the line. */
export interface Endpoint {
  readonly name: EndpointName;
  readonly method: 'POST' | 'GET';
  /** Below the base URL, as it is sent. `{model}` stands for a model id. */
  readonly path: string;
  /** Costs nothing and reports no usage; it still is a request. */
  readonly free: boolean;
  /** `chunks` end with `[DONE]`; `events` are typed and end with a `response.*` event; `undefined`: never streams. */
  readonly stream: 'chunks' | 'events' | undefined;
  /** Where OpenAI reads who the end user is. */
  readonly tagField: 'safety_identifier' | 'user' | undefined;
  /** The same where it is a header. */
  readonly tagHeader: 'openai-safety-identifier' | undefined;
  /** Takes a `service_tier`; without one OpenAI uses the project's, which may be dearer. */
  readonly tiered: boolean;
  /** `undefined`: it writes no tokens. */
  readonly outputCap: OutputCap | undefined;
  /** What OpenAI takes when no model is named; `undefined`: one must be. */
  readonly modelDefault: string | undefined;
}

const none = {
  stream: undefined,
  tagField: undefined,
  tagHeader: undefined,
  tiered: false,
  outputCap: undefined,
  modelDefault: undefined,
};

/** Read from the `openai` package 7.57.0 (2026-11-13) and openai-openapi f85dbe22 (2026-08-21). */
const table: readonly Endpoint[] = [
  {
    ...none,
    name: 'chat.completions',
    method: 'POST',
    path: '/chat/completions',
    free: false,
    stream: 'chunks',
    tagField: 'safety_identifier',
    tiered: true,
    outputCap: {
      field: 'max_completion_tokens',
      spellings: ['max_completion_tokens', 'max_tokens'],
      least: 1,
    },
  },
  {
    ...none,
    name: 'responses',
    method: 'POST',
    path: '/responses',
    free: false,
    stream: 'events',
    tagField: 'safety_identifier',
    tiered: true,
    outputCap: { field: 'max_output_tokens', spellings: ['max_output_tokens'], least: 16 },
  },
  {
    ...none,
    name: 'completions',
    method: 'POST',
    path: '/completions',
    free: false,
    stream: 'chunks',
    tagField: 'user',
    outputCap: { field: 'max_tokens', spellings: ['max_tokens'], least: 1, absent: 16 },
  },
  {
    ...none,
    name: 'embeddings',
    method: 'POST',
    path: '/embeddings',
    free: false,
    tagField: 'user',
  },
  {
    ...none,
    name: 'moderations',
    method: 'POST',
    path: '/moderations',
    free: true,
    modelDefault: 'omni-moderation-latest',
  },
  {
    ...none,
    name: 'realtime.client_secrets',
    method: 'POST',
    path: '/realtime/client_secrets',
    free: false,
    tagHeader: 'openai-safety-identifier',
  },
  { ...none, name: 'models.list', method: 'GET', path: '/models', free: true },
  { ...none, name: 'models.retrieve', method: 'GET', path: '/models/{model}', free: true },
];

export interface FoundEndpoint {
  /** All that share the path, so that a wrong method is 405 and not 404. Never empty. */
  readonly endpoints: readonly Endpoint[];
  /** The id in `/models/{id}`. */
  readonly model?: string;
}

const VERSION_PREFIX = '/v1';
const modelPath = /^(?:\/v1)?\/models\/([A-Za-z0-9][A-Za-z0-9._:-]{0,127})$/;

const retrieve = table.filter(({ name }) => name === 'models.retrieve');
const byPath: ReadonlyMap<string, FoundEndpoint> = new Map(
  table
    .filter(({ name }) => name !== 'models.retrieve')
    .flatMap(({ path }) => {
      const found = { endpoints: table.filter((endpoint) => endpoint.path === path) };
      return [path, VERSION_PREFIX + path].map((key) => [key, found] as const);
    }),
);

/**
 * Finds the endpoint whose path is exactly `rawPath`, with or without `/v1` before it. Nothing is
 * decoded, folded or normalised: a path that would have to be is not served. `undefined`: 404.
 */
export function findEndpoint(rawPath: string): FoundEndpoint | undefined {
  const found = byPath.get(rawPath);
  if (found !== undefined) return found;
  const model = modelPath.exec(rawPath)?.[1];
  return model === undefined ? undefined : { endpoints: retrieve, model };
}

const byName: ReadonlyMap<string, Endpoint> = new Map(table.map((entry) => [entry.name, entry]));

/** The endpoint of that name. */
export function endpointNamed(name: EndpointName): Endpoint {
  const endpoint = byName.get(name);
  if (endpoint === undefined) throw new TypeError(`"endpoint": there is no endpoint "${name}"`);
  return endpoint;
}
