import { chatCompletions } from './chat.ts';
import { clientSecrets } from './client-secrets.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { badRequest, errorReply, openAIErrors } from './error-replies.ts';
import type { FakeResponse } from './fake-response.ts';
import type { GeneratedAnswer, GeneratingEndpoint } from './generation.ts';
import { inputTokens } from './input-tokens.ts';
import { type FakeJson, isRecord } from './json.ts';
import { listModels, modelNotFound, retrieveModel } from './models.ts';
import { moderations } from './moderations.ts';
import type { RateLimits } from './rate-limits.ts';
import { responses } from './responses.ts';
import type { SafetyCases } from './safety-cases.ts';
import type { Reply } from './script.ts';
import { headerOf, type SeenRequest } from './seen-request.ts';

/** The path before every endpoint, as in OpenAI's base URL. */
export const PREFIX = '/v1';

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
  readonly apiKeys: readonly string[] | undefined;
  readonly models: readonly string[] | undefined;
  readonly listedModels: readonly string[];
  readonly maxOutputTokens: number;
  readonly safety: SafetyCases;
  readonly rateLimits: RateLimits | undefined;
}

/** Returns what OpenAI would send: an answer that is generated and billed, or a reply that is free. */
export function route(account: UpstreamAccount, response: FakeResponse): GeneratedAnswer | Reply {
  const request = response.seen;
  const [path = ''] = request.url.split('?', 1);
  const refusal = unauthorized(account, request);
  if (refusal) return refusal;
  const endpoint = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : path;
  if (request.method === 'GET') return read(account, endpoint) ?? unknown(request, path);
  const answer = request.method === 'POST' ? ENDPOINTS[endpoint] : undefined;
  if (!answer) return unknown(request, path);
  const { body } = request;
  if (!isRecord(body)) return badRequest('We could not parse the JSON body of your request.');
  const blocked = account.safety.refusalOf(body);
  if (blocked) return blocked;
  const model = body['model'];
  if (!MODELLESS.has(endpoint)) {
    if (typeof model !== 'string') return badRequest('you must provide a model parameter', 'model');
    if (account.models?.includes(model) === false) return modelNotFound(model);
  }
  const { script, serial } = response;
  const { maxOutputTokens } = account;
  const limited = LIMITED.has(endpoint) ? limit(account, response, String(model), body) : undefined;
  return limited ?? answer({ endpoint, body, script, serial, maxOutputTokens });
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
  const key = headerOf(request, 'authorization')?.match(/^Bearer (.+)$/i)?.[1];
  if (key === undefined) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    return errorReply(401, 'invalid_request_error', null, message);
  }
  return account.apiKeys?.includes(key) === false ? openAIErrors.invalidApiKey(key) : undefined;
}
