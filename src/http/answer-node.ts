import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GuardResponse } from '../core/response.ts';
import { serveHalfClosed } from './half-closed.ts';
import type { Mountable } from './mountable.ts';
import { type NodeMount, NodeRequest } from './node-request.ts';
import { answerAfterBody } from './node-rest.ts';

/** As `serveNode`, for a host that sends the answer itself. Resolves to the answer when it may be sent. */
export function answerNode(
  guard: Mountable,
  request: IncomingMessage,
  response: ServerResponse,
  mount: NodeMount,
): Promise<GuardResponse> {
  serveHalfClosed(request, response);
  const served = guard.serve(new NodeRequest(request, response, mount));
  return served.then((answer) => answerAfterBody(request, response, answer));
}
