import { type Denial, deny } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Descriptor, PathParams } from '../openai/endpoints/descriptor.ts';
import { findEndpoint } from '../openai/endpoints/find-endpoint.ts';
import { unknownEndpoint } from '../openai/endpoints/not-served.ts';
import { queryDenial } from '../openai/request/query-check.ts';

/** The endpoint that a request calls. */
export interface CalledEndpoint {
  readonly endpoint: Descriptor;
  readonly params: PathParams;
}

/** Returns the endpoint, or why nothing is served there. The path is compared as it was sent. Decoded or normalised, it could name another path upstream. */
export function findCalled(request: GuardRequest): CalledEndpoint | Denial {
  const { method, path, query } = request;
  const found = findEndpoint(path);
  if (found === undefined) return unknownEndpoint(path);
  if (request.header('upgrade')?.toLowerCase() === 'websocket') {
    return deny('endpoint_not_allowed', 'WebSockets are not served here. Use HTTP and "stream".');
  }
  const asked = method === 'HEAD' ? 'GET' : method;
  const endpoint = found.endpoints.find((candidate) => candidate.method === asked);
  if (endpoint === undefined) {
    const allow = found.endpoints.map((candidate) => candidate.method).join(', ');
    return deny('method_not_allowed', `Use ${allow} here.`, { allow });
  }
  const denial = query === '' ? undefined : queryDenial(query, endpoint.ignoredQuery);
  if (denial !== undefined) return denial;
  return { endpoint, params: found.params };
}
