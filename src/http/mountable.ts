import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse } from '../core/response.ts';
import { createWebHandler, type WebHandlerOptions } from './web.ts';

/** What every adapter mounts: the guard itself, its token exchange, a handler of webhooks. */
export interface Mountable {
  /** Answers one HTTP call; never rejects. Denials are answers in OpenAI's error shape. */
  handler(request: Request, options?: WebHandlerOptions): Promise<Response>;
  /** Answers one call in the guard's own words; what an adapter for another host builds on. */
  serve(request: GuardRequest): Promise<GuardResponse>;
}

/** `serve` must never reject. */
export function mountable(serve: Mountable['serve']): Mountable {
  return { serve, handler: createWebHandler(serve) };
}
