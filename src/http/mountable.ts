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

/**
 * Throws a `TypeError` when an adapter is mounted in a way that could serve nothing. `adapter` is its name.
 */
export function checkMount(adapter: string, guard: unknown, prefix: unknown = ''): void {
  const { serve } = Object(guard) as Partial<Mountable>;
  if (typeof serve !== 'function') {
    throw new TypeError(
      `"${adapter}": the first argument must be a guard, or one of its parts such as "guard.exchange", ` +
        `but it is ${nameOf(guard)}`,
    );
  }
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw new TypeError(
      `"${adapter}.prefix": must be a path that begins with "/", such as "/v1", without "*" and ":"`,
    );
  }
}

const PREFIX = /^(?:\/[^*:?#]*)?$/;

function nameOf(value: unknown): string {
  if (value instanceof Promise) return 'a promise: did you forget "await"?';
  if (value === undefined) return 'undefined: is it exported where it is imported from?';
  return value === null ? 'null' : `a value of the type "${typeof value}"`;
}
