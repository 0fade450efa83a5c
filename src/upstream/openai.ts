import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { openAIDialect } from './dialects/openai.ts';
import {
  baseOf,
  baseURLOption,
  type CommonUpstreamOptions,
  commonShape,
  commonSpec,
  headerValue,
  keyOption,
  keySpec,
} from './upstream-options.ts';
import { type UpstreamSpec, upstreamSpec } from './upstream-spec.ts';

const openAIShape = {
  /** OpenAI's key, or a function that returns it, as the option `apiKey` of the guard. */
  apiKey: keyOption,
  /** Where OpenAI's API is, such as that of a region.
   * @default 'https://api.openai.com/v1' */
  baseURL: baseURLOption.default('https://api.openai.com/v1'),
  /** Sent as `OpenAI-Organization`. */
  organization: headerValue.optional(),
  /** Sent as `OpenAI-Project`. Each project has limits of its own. */
  project: headerValue.optional(),
};

/** OpenAI, or one of its regions. */
export interface OpenAIOptions
  extends CommonUpstreamOptions,
    RequiredOptions<typeof openAIShape>,
    OptionalOptions<typeof openAIShape> {}

/**
 * Returns OpenAI as an upstream. Throws `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * const upstreams = {
 *   main: openAI({ apiKey: process.env.OPENAI_API_KEY }),
 *   batch: openAI({ apiKey: process.env.OPENAI_API_KEY, project: 'proj_batch', weight: 0.5 }),
 * };
 * ```
 */
export function openAI(options: OpenAIOptions): UpstreamSpec {
  const parsed = parseOrThrow(optionsSchema({ ...commonShape, ...openAIShape }), options, 'openAI');
  const { apiKey, baseURL, organization, project } = parsed;
  return upstreamSpec({
    dialect: openAIDialect,
    ...baseOf(baseURL),
    ...keySpec(apiKey),
    keyHeader: 'authorization',
    headers: {
      ...(organization !== undefined && { 'openai-organization': organization }),
      ...(project !== undefined && { 'openai-project': project }),
    },
    ...commonSpec(parsed),
  });
}
