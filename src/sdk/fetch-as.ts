import type { GuardRequest, RequestBody } from '../core/request.ts';
import { type GuardResponse, isByteSource } from '../core/response.ts';
import { parseUser, type UserId, type UserSpec } from '../core/user.ts';
import { type CallHandlerParts, handleCall } from '../http/handle.ts';
import { hostBody } from '../http/request-parts.ts';
import { toResponse } from '../http/web.ts';
import type { Priority } from '../pipeline/states.ts';
import { WholeResponse } from './whole-response.ts';

/** How the calls of `guard.fetchAs` and `guard.client` are made. */
export interface CallOptions {
  /** `batch`: where calls wait for an upstream, these get a fifth of the turns that the plan gives its
   * users. For jobs in the background. A client over HTTP cannot set it.
   * @default 'normal' */
  readonly priority?: Priority;
}

/**
 * Returns a `fetch` of one user that runs the pipeline instead of using the network. Denials are
 * responses. It rejects only when the caller's own signal aborts: an SDK would repeat the call for any
 * other error.
 */
export function createFetchAs(
  user: UserId | UserSpec,
  parts: CallHandlerParts,
  { priority = 'normal' }: CallOptions = {},
): typeof globalThis.fetch {
  const trustedIdentity = { user: parseUser(user) };
  if (priority !== 'normal' && priority !== 'batch') {
    throw new TypeError('"priority" must be "normal" or "batch"');
  }
  return async (input, init) => {
    const request = await callOf(input, init);
    const { signal } = request;
    signal?.throwIfAborted();
    const answered = handleCall({ request, trustedIdentity, priority }, parts);
    return signal ? unlessAborted(answered, request, signal) : responseOf(await answered, request);
  };
}

async function callOf(input: string | URL | Request, init: RequestInit = {}): Promise<ProcessCall> {
  if (typeof input === 'string' || input instanceof URL) {
    if (init.body === undefined || init.body === null || typeof init.body === 'string') {
      return new ProcessCall(String(input), init, init.body ?? '');
    }
  }
  const request = new Request(input, init);
  const { method, headers } = request;
  const signal = init.signal ?? request.signal;
  return new ProcessCall(request.url, { method, headers, signal }, await request.text());
}

/** Everything up to the last `/v1`: SDKs are given all sorts of base URLs, and any of them works here. */
const BASE = /^.*\/v1(?=\/)/;

class ProcessCall implements GuardRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly host = undefined;
  readonly signal: AbortSignal | undefined;
  readonly disconnect: () => void;
  readonly #headers: Headers;
  readonly #body: string;
  #listener: (() => void) | undefined;

  constructor(url: string, init: RequestInit, body: string) {
    const target = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
    const mark = target.indexOf('?');
    const path = mark === -1 ? target : target.slice(0, mark);
    this.method = (init.method ?? 'GET').toUpperCase();
    this.path = path.replace(BASE, '');
    this.query = mark === -1 ? '' : target.slice(mark + 1);
    this.signal = init.signal ?? undefined;
    const disconnect = (): void => this.#listener?.();
    this.disconnect = disconnect;
    this.#headers = init.headers instanceof Headers ? init.headers : new Headers(init.headers);
    this.#body = body;
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }

  readBody(limitBytes: number): RequestBody {
    return hostBody(this.#body, limitBytes);
  }

  onDisconnect(listener: () => void): void {
    this.#listener = listener;
    // The signal may have aborted before, for example while the user's plan was looked up.
    if (this.signal?.aborted) listener();
  }
}

function unlessAborted(
  answered: Promise<GuardResponse>,
  request: ProcessCall,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      request.disconnect();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const answer = (whole: GuardResponse) => {
      // A stream may still be aborted. Of a whole response there is nothing left to stop.
      if (!isByteSource(whole.body)) signal.removeEventListener('abort', onAbort);
      resolve(responseOf(whole, request));
    };
    answered.then(answer).catch(reject);
  });
}

function responseOf(answer: GuardResponse, { disconnect, signal }: ProcessCall): Response {
  const { status, headers, body, json } = answer;
  if (isByteSource(body) || body.length === 0) return toResponse(answer, disconnect, signal);
  return new WholeResponse(body as string | Uint8Array<ArrayBuffer>, { status, headers }, json);
}
