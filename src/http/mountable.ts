import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse } from '../core/response.ts';
import { serveWeb, type WebHandlerOptions } from './web.ts';

/**
 * What an adapter mounts. The guard itself is one (its `serve` is `handleCall` in `handle.ts`), and so
 * are its token exchange (`handleExchange`) and the webhooks (`webhook.ts`).
 */
export interface Mountable {
  /** Serves one HTTP call. Never rejects: a denial is a response in OpenAI's error shape. */
  handler(request: Request, options?: WebHandlerOptions): Promise<Response>;
  /** Serves one call as plain objects. An adapter for another host builds on this. */
  serve(request: GuardRequest): Promise<GuardResponse>;
}

/** `serve` must never reject. */
export function mountable(serve: Mountable['serve']): Mountable {
  return { serve, handler: (request, options) => serveWeb(serve, request, options) };
}
