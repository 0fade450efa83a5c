import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GuardResponse } from '../core/response.ts';
import { answerAfter, RestOfBody } from './rest-of-body.ts';

/** Returns the answer, or resolves to it once the rest of an unread body has been read. */
export function answerAfterBody(
  request: IncomingMessage,
  response: ServerResponse,
  answer: GuardResponse,
): GuardResponse | Promise<GuardResponse> {
  // The client is to come back on another connection, to another process.
  if (answer.headers['x-guard-code'] === 'shutting_down') closing(request, answer);
  if (request.complete || response.destroyed) return answer;
  if (waitsForContinue(request, response)) return closing(request, answer);
  const rest = restOf(request);
  return answerAfter(rest, answer).then((late) => (rest.isWhole ? late : closing(request, late)));
}

/** Such a client sends no body before `100 Continue`, which a host with a listener for it has not sent. */
export function waitsForContinue(request: IncomingMessage, response: ServerResponse): boolean {
  const { _sent100: sent } = response as { readonly _sent100?: boolean };
  return request.headers.expect !== undefined && sent === false;
}

function restOf(request: IncomingMessage): RestOfBody {
  const rest = new RestOfBody();
  request.on('data', (chunk: Uint8Array) => rest.took(chunk.byteLength));
  request.on('end', () => rest.end(true));
  request.on('close', () => rest.end(request.complete));
  request.on('error', () => rest.end(false));
  // Its host may have paused it.
  request.resume();
  return rest;
}

/** What is left of the body would be taken for the next request. In HTTP/2 each request ends by itself. */
function closing({ httpVersionMajor }: IncomingMessage, answer: GuardResponse): GuardResponse {
  if (httpVersionMajor === 1) answer.headers['connection'] = 'close';
  return answer;
}
