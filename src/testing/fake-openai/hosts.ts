import type { ChatUsage } from './chat-usage.ts';
import type { FakeDialect, FakeHost, HostRequest, HostRoute } from './host.ts';
import { asText, flat, listed, numbered, wrapped } from './host-errors.ts';
import { groqFault, xaiFault } from './host-faults.ts';
import { azureFields, geminiFields, groqFields, mistralFields } from './host-fields.ts';
import type { FakeJson } from './json.ts';

type Routes = Readonly<Record<string, HostRequest>>;

/** Endpoints below one prefix. */
function below(prefix: string, routes: Routes): FakeHost['route'] {
  return (path) => {
    const endpoint = path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : '';
    const request = routes[endpoint];
    return request && { endpoint, request };
  };
}

const EVERY_ENDPOINT = /^(?:\/v1)?(\/.+)$/;

const ofOpenAI: FakeHost['route'] = (path) => {
  const endpoint = EVERY_ENDPOINT.exec(path)?.[1] ?? path;
  return { endpoint, request: undefined };
};

/** Deployments stand in the path; without a version there is no such resource. */
const DEPLOYMENT = /^\/openai\/deployments\/([^/]+)(\/.+)$/;

function ofAzure(path: string, query: URLSearchParams): HostRoute | undefined {
  const v1 = /^\/openai\/v1(\/.+)$/.exec(path)?.[1];
  if (v1 !== undefined) return { endpoint: v1, request: undefined };
  const [, model = '', endpoint = ''] = DEPLOYMENT.exec(path) ?? [];
  const request = azureFields[endpoint];
  if (request === undefined || query.get('api-version') === null) return undefined;
  return { endpoint, request, model: decodeURIComponent(model) };
}

const asIs = (usage: ChatUsage): FakeJson => ({ ...usage });

const threeCounts = ({ prompt_tokens, completion_tokens, total_tokens }: ChatUsage): FakeJson => ({
  prompt_tokens,
  completion_tokens,
  total_tokens,
});

/** What is thought is in the total alone. */
const withoutReasoning = (usage: ChatUsage): FakeJson => {
  const { reasoning_tokens } = usage.completion_tokens_details;
  return { completion_tokens: usage.completion_tokens - reasoning_tokens };
};

const openai: FakeHost = {
  prefix: '/v1',
  key: 'authorization',
  route: ofOpenAI,
  error: wrapped,
  unknownField: (field) => [400, `Unrecognized request argument supplied: ${field}`],
  usageIn: 'own-chunk',
  usageUnasked: false,
  usageAt: 'usage',
  usage: asIs,
  cost: () => ({}),
  reasonsBeyondCap: false,
  keepsResponses: true,
  priceProvider: 'openai',
  tiers: { default: 'default' },
};

const other: FakeHost = { ...openai, tiers: {}, keepsResponses: false };

const chat = '/chat/completions';
const maxTokens = ['max_tokens'];
const bothCaps = ['max_completion_tokens', 'max_tokens'];
const outputTokens = ['max_output_tokens'];

/** Every host, as its documentation and its reported errors have it (sources: `src/upstream/dialects/`). */
export const hosts: Readonly<Record<FakeDialect, FakeHost>> = {
  openai,
  azure: { ...openai, prefix: '/openai/v1', key: 'api-key', route: ofAzure },
  openrouter: {
    ...other,
    prefix: '/api/v1',
    route: below('/api/v1', {
      [chat]: { caps: bothCaps, endUser: 'user' },
      '/responses': { caps: outputTokens, endUser: 'safety_identifier' },
      '/embeddings': { endUser: 'user' },
    }),
    error: numbered,
    tiers: { default: 'default' },
    usageUnasked: true,
    cost: (cost) => ({ cost, is_byok: false, cost_details: { upstream_inference_cost: cost } }),
    priceProvider: 'openrouter',
  },
  groq: {
    ...other,
    prefix: '/openai/v1',
    route: below('/openai/v1', {
      [chat]: { caps: bothCaps, endUser: 'user', fields: groqFields, fault: groqFault },
      '/responses': { caps: outputTokens, endUser: 'user' },
    }),
    unknownField: (field) => [400, `property '${field}' is unsupported`],
    tiers: { default: 'on_demand' },
    usageIn: 'finish-chunk',
    usageUnasked: true,
    usageAt: 'x_groq',
    priceProvider: 'groq',
  },
  mistral: {
    ...other,
    route: below('/v1', {
      [chat]: { caps: maxTokens, fields: mistralFields },
      '/responses': { caps: outputTokens },
      '/embeddings': {
        fields: ['input', 'output_dimension', 'output_dtype', 'encoding_format', 'metadata'],
      },
    }),
    error: flat,
    unknownField: () => [422, 'Extra inputs are not permitted'],
    usageIn: 'finish-chunk',
    usageUnasked: true,
    usage: (usage) => ({
      ...threeCounts(usage),
      num_cached_tokens: usage.prompt_tokens_details.cached_tokens,
    }),
    priceProvider: 'mistral',
  },
  deepseek: {
    ...other,
    prefix: '',
    route: below('', {
      [chat]: { caps: maxTokens, endUser: 'user_id' },
      '/responses': { caps: outputTokens, endUser: 'user_id' },
    }),
    usage: (usage) => ({
      ...threeCounts(usage),
      prompt_cache_hit_tokens: usage.prompt_tokens_details.cached_tokens,
      prompt_cache_miss_tokens: usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens,
      completion_tokens_details: usage.completion_tokens_details,
    }),
    priceProvider: 'deepseek',
  },
  xai: {
    ...other,
    route: below('/v1', {
      [chat]: { caps: bothCaps, endUser: 'user', fault: xaiFault },
      '/responses': { caps: outputTokens, endUser: 'user' },
    }),
    error: asText,
    tiers: { default: 'default' },
    usage: (usage) => ({ ...usage, ...withoutReasoning(usage) }),
    cost: (cost) => ({ cost_in_usd_ticks: cost && Math.round(cost * 1e10) }),
    reasonsBeyondCap: true,
    priceProvider: 'x-ai',
  },
  gemini: {
    ...other,
    prefix: '/v1beta/openai',
    route: below('/v1beta/openai', {
      [chat]: { caps: bothCaps, fields: geminiFields },
      '/embeddings': { fields: ['input', 'dimensions', 'encoding_format'] },
    }),
    error: listed,
    unknownField: (field) => [
      400,
      `Invalid JSON payload received. Unknown name "${field}": Cannot find field.`,
    ],
    usage: (usage) => ({ ...threeCounts(usage), ...withoutReasoning(usage) }),
    priceProvider: 'google',
  },
  vllm: {
    ...other,
    key: 'none',
    route: below('/v1', {
      [chat]: { caps: bothCaps, endUser: 'user' },
      '/responses': { caps: outputTokens, endUser: 'user' },
      '/completions': { caps: maxTokens, endUser: 'user' },
      '/embeddings': { endUser: 'user' },
    }),
    error: numbered,
    usage: threeCounts,
  },
  ollama: {
    ...other,
    key: 'none',
    route: below('/v1', {
      [chat]: { caps: maxTokens },
      '/responses': { caps: outputTokens },
      '/completions': { caps: maxTokens },
      '/embeddings': {},
    }),
    usage: threeCounts,
  },
};
