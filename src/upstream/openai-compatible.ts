import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { dialectNames, dialects } from './dialects/dialects.ts';
import {
  baseOf,
  baseURLOption,
  type CommonUpstreamOptions,
  commonShape,
  commonSpec,
  headersOption,
  keyOption,
  keySpec,
  requireSetKeys,
} from './upstream-options.ts';
import { type UpstreamSpec, upstreamSpec } from './upstream-spec.ts';

const compatibleShape = {
  /** Where the host's endpoints are: `'https://api.mistral.ai/v1'`. Its query is sent with every call. */
  baseURL: baseURLOption,
  /** How the host speaks OpenAI's HTTP API; see docs/hosts.md. A gateway speaks as the host behind it. */
  dialect: z.enum(dialectNames),
  /** The host's key, or a function that returns it. Without it no key is sent. */
  apiKey: keyOption.optional(),
  /** Sent with every call, for a gateway. None may be one that the guard sets.
   * @default {} */
  headers: headersOption.default({}),
  /** Sent with every call, behind the path.
   * @default {} */
  query: z.record(z.string().min(1), z.string()).readonly().default({}),
};

/** A host that speaks OpenAI's HTTP API. */
export interface OpenAICompatibleOptions
  extends CommonUpstreamOptions,
    RequiredOptions<typeof compatibleShape>,
    OptionalOptions<typeof compatibleShape> {}

/**
 * Returns a host that speaks OpenAI's HTTP API as an upstream. Throws `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * const mistral = openAICompatible({
 *   baseURL: 'https://api.mistral.ai/v1',
 *   dialect: 'mistral',
 *   apiKey: process.env.MISTRAL_API_KEY,
 * });
 * const local = openAICompatible({ baseURL: 'http://127.0.0.1:8000/v1', dialect: 'vllm' });
 * ```
 */
export function openAICompatible(options: OpenAICompatibleOptions): UpstreamSpec {
  requireSetKeys(Object(options), ['apiKey'], 'openAICompatible');
  const parsed = parseOrThrow(
    optionsSchema({ ...commonShape, ...compatibleShape }),
    options,
    'openAICompatible',
  );
  const { baseURL, dialect, apiKey, headers, query } = parsed;
  const base = baseOf(baseURL);
  return upstreamSpec({
    dialect: dialects[dialect],
    baseURL: base.baseURL,
    query: { ...base.query, ...query },
    ...keySpec(apiKey ?? ''),
    keyHeader: apiKey === undefined ? 'none' : 'authorization',
    headers,
    ...commonSpec(parsed),
  });
}
