import type { Reply } from './script.ts';

/** OpenAI's error responses, in its wire format. Each is a `Reply` for a script. */
export const openAIErrors = {
  /** The message contains part of the key, as OpenAI's does. */
  invalidApiKey: (key = 'sk-proj-0123456789abcdef0123456789abcdef'): Reply =>
    errorReply(401, 'invalid_request_error', 'invalid_api_key', incorrectKey(key)),
  forbidden: (): Reply =>
    errorReply(
      403,
      'invalid_request_error',
      'unsupported_country_region_territory',
      'Country, region, or territory not supported',
    ),
  /** The message names the organization and when to retry. For limits that count, see `rateLimits`. */
  rateLimited: (retryAfterSeconds = 1, organization = 'org-fakeOrganization'): Reply => ({
    ...errorReply(
      429,
      'requests',
      'rate_limit_exceeded',
      rateLimitMessage(retryAfterSeconds, organization),
    ),
    headers: {
      'retry-after': String(retryAfterSeconds),
      'retry-after-ms': String(retryAfterSeconds * 1000),
    },
  }),
  insufficientQuota: (code = 'insufficient_quota'): Reply =>
    errorReply(
      429,
      'insufficient_quota',
      code,
      'You exceeded your current quota, please check your plan and billing details.',
    ),
  /** The response for an end user that OpenAI has blocked. */
  identifierBlocked: (): Reply =>
    errorReply(
      403,
      'invalid_request',
      'identifier_blocked',
      "This user's access has been limited.",
      'safety_identifier',
    ),
  serverError: (): Reply =>
    errorReply(
      500,
      'server_error',
      null,
      'The server had an error while processing your request. Sorry about that!',
    ),
  overloaded: (): Reply =>
    errorReply(
      503,
      'service_unavailable_error',
      'server_is_overloaded',
      'The engine is currently overloaded, please try again later.',
    ),
} as const;

/**
 * A redirect. Clients keep the method of the request with 307, and usually not with 302.
 *
 * @example
 * ```ts
 * const fake = await fakeOpenAI();
 * fake.scriptNext({ reply: redirectTo('https://elsewhere.example/v1') });
 * ```
 */
export function redirectTo(location: string, status: 302 | 307 | 308 = 307): Reply {
  return { status, headers: { location }, body: '' };
}

export function badRequest(message: string, param: string | null = null): Reply {
  return errorReply(400, 'invalid_request_error', null, message, param);
}

/**
 * Returns an answer in OpenAI's error shape. `openAIErrors` has the usual ones.
 *
 * @example
 * ```ts
 * const fake = await fakeOpenAI();
 * fake.scriptNext({ reply: errorReply(404, 'invalid_request_error', 'model_not_found', 'No such model.') });
 * ```
 */
export function errorReply(
  status: number,
  type: string,
  code: string | null,
  message: string,
  param: string | null = null,
): Reply {
  return { status, body: { error: { message, type, param, code } } };
}

function incorrectKey(key: string): string {
  const masked = `${key.slice(0, 8)}${'*'.repeat(24)}${key.slice(-4)}`;
  return `Incorrect API key provided: ${masked}. You can find your API key at https://platform.openai.com/account/api-keys.`;
}

function rateLimitMessage(seconds: number, organization: string): string {
  return `Rate limit reached for requests in organization ${organization} on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in ${seconds}s.`;
}
