import { chatCompletions } from './chat.ts';
import { clientSecrets } from './client-secrets.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { badRequest, errorReply, openAIErrors } from './error-replies.ts';
import type { FakeResponse } from './fake-response.ts';
import type { GeneratedAnswer, GeneratingEndpoint } from './generation.ts';
import type { FakeHost } from './host.ts';
import { asHostSays, readByHost } from './host-requests.ts';
import { inputTokens } from './input-tokens.ts';
import { type FakeJson, isRecord } from './json.ts';
import { listModels, modelNotFound, retrieveModel } from './models.ts';
import { moderations } from './moderations.ts';
import type { RateLimits } from './rate-limits.ts';
import { responses } from './responses.ts';
import type { SafetyCases } from './safety-cases.ts';
import type { Reply } from './script.ts';
import { headerOf, type SeenRequest } from './seen-request.ts';
import type { StoredItems } from './stored-items.ts';

const ENDPOINTS: Readonly<Record<string, GeneratingEndpoint>> = {
  '/chat/completions': chatCompletions,
  '/responses': responses,
  '/responses/input_tokens': inputTokens,
  '/completions': completions,
  '/embeddings': embeddings,
  '/moderations': moderations,
  '/realtime/client_secrets': clientSecrets,
};

/** Endpoints that take no model, or take it elsewhere in the body. */
const MODELLESS: ReadonlySet<string> = new Set(['/moderations', '/realtime/client_secrets']);

/** Endpoints that generate, and count against the limits of a model family. */
const LIMITED: ReadonlySet<string> = new Set([
  '/chat/completions',
  '/responses',
  '/completions',
  '/embeddings',
]);

/** What a fake accepts. */
export interface UpstreamAccount {
  readonly host: FakeHost;
  readonly apiKeys: readonly string[] | undefined;
  readonly models: readonly string[] | undefined;
  readonly listedModels: readonly string[];
  readonly maxOutputTokens: number;
  readonly safety: SafetyCases;
  readonly stored: StoredItems;
  readonly rateLimits: RateLimits | undefined;
}

/** Returns what the host would send: an answer that is generated and billed, or a reply that is free. */
export function route(account: UpstreamAccount, response: FakeResponse): GeneratedAnswer | Reply {
  const answer = routed(account, response);
  return 'json' in answer ? answer : asHostSays(account.host, answer);
}

function routed(account: UpstreamAccount, response: FakeResponse): GeneratedAnswer | Reply {
  const { host } = account;
  const request = response.seen;
  const [path = '', query = ''] = request.url.split('?', 2);
  const refusal = unauthorized(account, request);
  if (refusal) return refusal;
  if (request.method === 'GET') {
    const endpoint = path.startsWith(host.prefix) ? path.slice(host.prefix.length) : path;
    return read(account, endpoint) ?? unknown(request, path);
  }
  const found = host.route(path, new URLSearchParams(query));
  const answer = request.method === 'POST' && found ? ENDPOINTS[found.endpoint] : undefined;
  if (!answer || !found) return unknown(request, path);
  if (!isRecord(request.body)) {
    return badRequest('We could not parse the JSON body of your request.');
  }
  const verdict = readByHost(host, found, request.body);
  if ('refusal' in verdict) return verdict.refusal;
  return generated(account, response, { endpoint: found.endpoint, answer, body: verdict.body });
}

interface Routed {
  readonly endpoint: string;
  readonly answer: GeneratingEndpoint;
  readonly body: FakeJson;
}

function generated(
  account: UpstreamAccount,
  response: FakeResponse,
  { endpoint, answer, body }: Routed,
): GeneratedAnswer | Reply {
  const blocked = account.safety.refusalOf(body);
  if (blocked) return blocked;
  const model = body['model'];
  if (!MODELLESS.has(endpoint)) {
    if (typeof model !== 'string') return badRequest('you must provide a model parameter', 'model');
    if (account.models?.includes(model) === false) return modelNotFound(model);
  }
  const { script, serial } = response;
  const { host, stored, maxOutputTokens } = account;
  const limited = LIMITED.has(endpoint) ? limit(account, response, String(model), body) : undefined;
  return limited ?? answer({ endpoint, host, body, script, stored, serial, maxOutputTokens });
}

/** Counts the request. Returns a refusal if it does not fit in the limits of the account. */
function limit(
  { rateLimits }: UpstreamAccount,
  response: FakeResponse,
  model: string,
  body: FakeJson,
): Reply | undefined {
  if (!rateLimits) return undefined;
  const { headers, refusal } = rateLimits.admit(model, body);
  response.rateHeaders = headers;
  return refusal;
}

function read(account: UpstreamAccount, endpoint: string): Reply | undefined {
  const caseId = endpoint.match(/^\/safety\/cases\/([^/]+)$/)?.[1];
  if (caseId !== undefined) return account.safety.retrieve(decodeURIComponent(caseId));
  if (endpoint === '/models') return listModels(account.listedModels);
  const id = endpoint.match(/^\/models\/([^/]+)$/)?.[1];
  return id === undefined ? undefined : retrieveModel(account.listedModels, decodeURIComponent(id));
}

function unknown(request: SeenRequest, path: string): Reply {
  const message = `Invalid URL (${request.method} ${path})`;
  return errorReply(404, 'invalid_request_error', null, message);
}

function unauthorized(account: UpstreamAccount, request: SeenRequest): Reply | undefined {
  const key = keyIn(account.host, request);
  if (key === undefined) {
    if (account.host.key === 'none' && account.apiKeys === undefined) return undefined;
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    return errorReply(401, 'invalid_request_error', null, message);
  }
  return account.apiKeys?.includes(key) === false ? openAIErrors.invalidApiKey(key) : undefined;
}

function keyIn(host: FakeHost, request: SeenRequest): string | undefined {
  const bearer = headerOf(request, 'authorization')?.match(/^Bearer (.+)$/i)?.[1];
  return bearer ?? (host.key === 'api-key' ? headerOf(request, 'api-key') : undefined);
}
