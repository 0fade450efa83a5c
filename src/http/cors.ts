import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse, HeaderList } from '../core/response.ts';

export interface Cors {
  /** The answer to a preflight from an allowed origin; `undefined` lets the call walk the line. */
  preflight(request: GuardRequest): GuardResponse | undefined;
  /** Lets a page of an allowed origin read the answer and the headers that it needs. */
  expose(request: GuardRequest, headers: HeaderList): void;
}

const EXPOSED = [
  'x-request-id',
  'x-should-retry',
  'retry-after',
  'x-guard-code',
  'x-guard-reset',
  'ratelimit',
  'ratelimit-policy',
].join(', ');
const PREFLIGHT_SECONDS = '600';

/** Compares whole origins; nothing is reflected that is not on the list, and no cookies are allowed. */
export function createCors(origins: ReadonlySet<string>): Cors {
  const allowed = (request: GuardRequest): string | undefined => {
    if (origins.size === 0) return undefined;
    const origin = request.header('origin');
    return origin !== undefined && origins.has(origin) ? origin : undefined;
  };
  return {
    preflight(request) {
      const origin = request.method === 'OPTIONS' ? allowed(request) : undefined;
      if (origin === undefined) return undefined;
      const headers = {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, POST',
        // The SDKs send a family of `x-stainless-*` headers, which a list could not keep up with.
        'access-control-allow-headers':
          request.header('access-control-request-headers') ?? 'authorization, content-type',
        'access-control-max-age': PREFLIGHT_SECONDS,
        vary: 'Origin, Access-Control-Request-Headers',
      };
      return { status: 204, headers, body: '' };
    },
    expose(request, headers) {
      const origin = allowed(request);
      if (origin === undefined) return;
      headers['access-control-allow-origin'] = origin;
      headers['access-control-expose-headers'] = EXPOSED;
    },
  };
}
