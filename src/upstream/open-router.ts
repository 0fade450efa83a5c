import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { openRouterDialect } from './dialects/open-router.ts';
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

const openRouterShape = {
  /** OpenRouter's key, or a function that returns it. */
  apiKey: keyOption,
  /** Where OpenRouter's API is.
   * @default 'https://openrouter.ai/api/v1' */
  baseURL: baseURLOption.default('https://openrouter.ai/api/v1'),
  /** Sent as `HTTP-Referer`: the app's address in OpenRouter's lists. */
  referer: headerValue.optional(),
  /** Sent as `X-Title`: the app's name in OpenRouter's lists. */
  title: headerValue.optional(),
};

/** OpenRouter. */
export interface OpenRouterOptions
  extends CommonUpstreamOptions,
    RequiredOptions<typeof openRouterShape>,
    OptionalOptions<typeof openRouterShape> {}

/**
 * Returns OpenRouter as an upstream. A call is charged what OpenRouter says that it cost, and held by the
 * price of its model. Throws `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * const router = openRouter({ apiKey: process.env.OPENROUTER_API_KEY, title: 'My app' });
 * ```
 */
export function openRouter(options: OpenRouterOptions): UpstreamSpec {
  const parsed = parseOrThrow(
    optionsSchema({ ...commonShape, ...openRouterShape }),
    options,
    'openRouter',
  );
  const { apiKey, baseURL, referer, title } = parsed;
  return upstreamSpec({
    dialect: openRouterDialect,
    ...baseOf(baseURL),
    ...keySpec(apiKey),
    keyHeader: 'authorization',
    headers: {
      ...(referer !== undefined && { 'http-referer': referer }),
      ...(title !== undefined && { 'x-title': title }),
    },
    ...commonSpec(parsed),
  });
}
