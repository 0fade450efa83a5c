import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { azureClassicDialect, azureDialect } from './dialects/azure.ts';
import {
  baseOf,
  baseURLOption,
  type CommonUpstreamOptions,
  commonShape,
  commonSpec,
  keyOption,
  keySpec,
  requireSetKeys,
} from './upstream-options.ts';
import { type UpstreamSpec, upstreamSpec } from './upstream-spec.ts';

/** The last version with a date (Microsoft Learn, API version lifecycle, 2026-02). */
const CLASSIC_VERSION = '2025-04-01-preview';

const azureShape = {
  /** The resource: `'https://my-resource.openai.azure.com'`. */
  endpoint: baseURLOption,
  /** A key of the resource, or a function that returns it. Sent as `api-key`. */
  apiKey: keyOption.optional(),
  /** A token of Microsoft Entra ID, or a function that returns one (`getBearerTokenProvider` of
   * `@azure/identity`). Sent as `Authorization`, in place of `apiKey`. The function is called at each call,
   * has `timeouts.hook`, and is called once more with `refused` when a token is refused. */
  token: keyOption.optional(),
  /** `v1` calls `/openai/v1/…`, `classic` calls `/openai/deployments/{model}/…`. A model is the name of a
   * deployment in both.
   * @default 'v1' */
  paths: z.enum(['v1', 'classic']).default('v1'),
  /** Sent as `api-version`. `v1` needs none, `classic` is `2025-04-01-preview` without it. */
  apiVersion: z
    .string()
    .regex(/^[\w.-]+$/, 'must be a version such as "2024-10-21"')
    .optional(),
};

/** A resource of Azure OpenAI. */
export interface AzureOpenAIOptions
  extends CommonUpstreamOptions,
    RequiredOptions<typeof azureShape>,
    OptionalOptions<typeof azureShape> {}

const azureOptions = optionsSchema({ ...commonShape, ...azureShape }).refine(
  ({ apiKey, token }) => (apiKey === undefined) !== (token === undefined),
  { path: ['apiKey'], message: 'must be given, or "token", and not both' },
);

/**
 * Returns a resource of Azure OpenAI as an upstream. A model is the name of a deployment, and is priced by
 * that name: give it a price with `prices`, such as `{ 'my-deployment': { like: 'gpt-5-mini' } }`, unless it is
 * called as its model. Throws `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * const azure = azureOpenAI({
 *   endpoint: 'https://my-resource.openai.azure.com',
 *   apiKey: process.env.AZURE_OPENAI_API_KEY,
 * });
 * ```
 */
export function azureOpenAI(options: AzureOpenAIOptions): UpstreamSpec {
  requireSetKeys(Object(options), ['apiKey', 'token'], 'azureOpenAI');
  const parsed = parseOrThrow(azureOptions, options, 'azureOpenAI');
  const { apiKey, token } = parsed;
  const isKey = apiKey !== undefined;
  return upstreamSpec({
    ...placesOf(parsed),
    ...keySpec(isKey ? apiKey : (token ?? '')),
    keyHeader: isKey ? 'api-key' : 'authorization',
    headers: {},
    ...commonSpec(parsed),
  });
}

function placesOf({ endpoint, paths, apiVersion }: ParsedOptions<typeof azureShape>) {
  const { baseURL, query } = baseOf(endpoint);
  const version = apiVersion ?? (paths === 'classic' ? CLASSIC_VERSION : undefined);
  const versioned = version === undefined ? query : { ...query, 'api-version': version };
  return paths === 'v1'
    ? { dialect: azureDialect, baseURL: `${baseURL}/openai/v1`, query: versioned }
    : { dialect: azureClassicDialect, baseURL, query: versioned, pathOf: deploymentPath };
}

const deploymentPath = (path: string, model: string): string =>
  `/openai/deployments/${encodeURIComponent(model)}${path}`;
