import type { Script } from './script.ts';

/** The headers that OpenAI and its CDN send with every response. */
const ALWAYS: readonly string[] = [
  'openai-organization',
  'org-fakeOrganization',
  'openai-project',
  'proj_fakeProject',
  'openai-version',
  '2020-10-01',
  'openai-processing-ms',
  '12',
  'x-envoy-upstream-service-time',
  '13',
  'access-control-expose-headers',
  'X-Request-ID, CF-Ray',
  'strict-transport-security',
  'max-age=31536000; includeSubDomains; preload',
  'x-content-type-options',
  'nosniff',
  'server',
  'cloudflare',
  'cf-cache-status',
  'DYNAMIC',
  'cf-ray',
  '9a1b2c3d4e5f6071-FRA',
  'alt-svc',
  'h3=":443"; ma=86400',
  'set-cookie',
  '__cf_bm=fakeCookie; path=/; domain=.api.openai.com; HttpOnly; Secure',
];

/** Returns alternating names and values for `writeHead`. Headers of the script replace the usual ones. */
export function answerHeaders(
  requestId: string,
  contentType: string,
  rateLimits: readonly string[],
  ...overrides: ReadonlyArray<Script['headers'] | undefined>
): string[] {
  const usual = [...ALWAYS, ...rateLimits, 'x-request-id', requestId, 'content-type', contentType];
  const own = overrides.flatMap((headers) => Object.entries(headers ?? {}));
  if (own.length === 0) return usual;
  const replaced = new Set(own.map(([name]) => name.toLowerCase()));
  const kept: string[] = [];
  for (let index = 0; index < usual.length; index += 2) {
    const [name = '', value = ''] = usual.slice(index, index + 2);
    if (!replaced.has(name)) kept.push(name, value);
  }
  for (const [name, value] of own) for (const each of [value].flat()) kept.push(name, each);
  return kept;
}
