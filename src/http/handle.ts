/**
 * From an adapter to the pipeline and back. Every request that an adapter, `fetchAs` or the SDK hands
 * over passes through `handle`:
 *
 * 1. A CORS preflight from an allowed origin is answered at once.
 * 2. While the guard closes, the call is refused.
 * 3. The pipeline runs (`handleCall`), or the exchange of a login for a user token (`handleExchange`).
 * 4. If something throws on the way, a `failed` event shows it to the operator. The client gets a denial
 *    that shows nothing of the inside.
 * 5. The response gets the headers that every response has: no caching, no content sniffing, a request id
 *    and CORS.
 */
import { randomUUID } from 'node:crypto';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import { AuthenticationUnavailableError, LedgerError, UnknownKeyError } from '../core/errors.ts';
import type { FailedEvent } from '../core/events.ts';
import type { GuardResponse } from '../core/response.ts';
import { type RefuseParts, refuse } from '../pipeline/denial-response.ts';
import { CLOSING, type InFlightCalls } from '../pipeline/in-flight.ts';
import { type PipelineParts, runPipeline } from '../pipeline/pipeline.ts';
import type { Requested } from '../pipeline/states.ts';
import { type ExchangeParts, exchangeToken } from '../tokens/token-exchange.ts';
import type { Cors } from './cors.ts';

interface HandlerParts extends RefuseParts {
  readonly cors: Cors;
  readonly calls: InFlightCalls;
}

export interface CallHandlerParts extends HandlerParts, PipelineParts {}

interface ExchangeHandlerParts extends HandlerParts, ExchangeParts {}

/** Handles one call to OpenAI. Never rejects. */
export function handleCall(requested: Requested, parts: CallHandlerParts): Promise<GuardResponse> {
  return handle(requested, parts, runPipeline);
}

/** Handles one exchange of a login for a user token. Never rejects. */
export function handleExchange(
  requested: Requested,
  parts: ExchangeHandlerParts,
): Promise<GuardResponse> {
  return handle(requested, parts, runExchange);
}

async function runExchange(
  requested: Requested,
  parts: ExchangeHandlerParts,
): Promise<GuardResponse> {
  const exchanged = await exchangeToken(requested.request, parts);
  return isDenial(exchanged) ? refuse(exchanged, requested, parts) : exchanged;
}

async function handle<Parts extends HandlerParts>(
  requested: Requested,
  parts: Parts,
  run: (requested: Requested, parts: Parts) => Promise<GuardResponse>,
): Promise<GuardResponse> {
  const preflight = parts.cors.preflight(requested.request);
  if (preflight !== undefined) return preflight;
  let response: GuardResponse;
  try {
    response = parts.calls.closing
      ? refuse(CLOSING, requested, parts)
      : await run(requested, parts);
  } catch (error) {
    response = fail(error, requested, parts);
  }
  addCommonHeaders(response, requested, parts);
  return response;
}

function fail(error: unknown, requested: Requested, parts: HandlerParts): GuardResponse {
  // It is in doubt only for seconds, and a forged credential must not fill the log of the operator.
  if (error instanceof UnknownKeyError) return refuse(keyUnknown(error, parts), requested, parts);
  const { source, denial } = denialOf(error);
  parts.events.emit('failed', { source, error });
  return refuse(denial, requested, parts);
}

function addCommonHeaders(
  { headers }: GuardResponse,
  { request }: Requested,
  { cors }: HandlerParts,
): void {
  headers['cache-control'] ??= 'no-store';
  headers['x-content-type-options'] = 'nosniff';
  // OpenAI's own id, or ours for a call that did not reach OpenAI: what a user can quote to support.
  headers['x-request-id'] ??= `guard_${randomUUID()}`;
  headers['vary'] = 'Authorization, Origin';
  cors.expose(request, headers);
}

const LEDGER_DOWN = deny('ledger_unavailable', 'Usage cannot be counted at the moment.', {
  degraded: true,
});
const keyUnknown = ({ retryAfterMs }: UnknownKeyError, { clock }: HandlerParts): Denial =>
  deny('auth_unavailable', 'The key of the credential is not known yet. Try again shortly.', {
    resetsAtMs: clock.nowMs() + retryAfterMs,
  });

const AUTH_DOWN = deny('auth_unavailable', 'Credentials cannot be checked at the moment.');
const OWN_FAULT = deny('internal_error', 'The service could not handle the request.');

interface Failure {
  readonly source: FailedEvent['source'];
  readonly denial: Denial;
}

/** Returns the event's source for the operator, and the denial for the client, which shows nothing of the
 * inside. */
function denialOf(error: unknown): Failure {
  if (error instanceof LedgerError) return { source: 'ledger', denial: LEDGER_DOWN };
  if (error instanceof AuthenticationUnavailableError) return { source: 'auth', denial: AUTH_DOWN };
  return { source: 'internal', denial: OWN_FAULT };
}
