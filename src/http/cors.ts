import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse, HeaderList } from '../core/response.ts';

const EXPOSED = [
  'x-request-id',
  'x-should-retry',
  'retry-after',
  'retry-after-ms',
  'x-guard-code',
  'x-guard-max-output-tokens',
  'x-guard-reset',
  'x-guard-shadow',
  'ratelimit',
  'ratelimit-policy',
].join(', ');
const PREFLIGHT_SECONDS = '600';

/** Compares whole origins. Reflects only origins that are on the list, and allows no cookies. */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: ReadonlySet<string>) {
    this.#origins = origins;
  }

  /** Returns the response to a preflight from an allowed origin; `undefined` for every other request. */
  preflight(request: GuardRequest): GuardResponse | undefined {
    const origin = request.method === 'OPTIONS' ? this.#allowed(request) : undefined;
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
  }

  /** Lets a page of an allowed origin read the response and the headers that it needs. */
  expose(request: GuardRequest, headers: HeaderList): void {
    const origin = this.#allowed(request);
    if (origin === undefined) return;
    headers['access-control-allow-origin'] = origin;
    headers['access-control-expose-headers'] = EXPOSED;
  }

  #allowed(request: GuardRequest): string | undefined {
    if (this.#origins.size === 0) return undefined;
    const origin = request.header('origin');
    return origin !== undefined && this.#origins.has(origin) ? origin : undefined;
  }
}
