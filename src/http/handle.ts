import { randomUUID } from 'node:crypto';
import { type Denial, deny } from '../core/denial.ts';
import { AuthenticationUnavailableError, LedgerError } from '../core/errors.ts';
import type { Events, FailedEvent } from '../core/events.ts';
import type { GuardResponse } from '../core/response.ts';
import type { Settings } from '../options/guard-options.ts';
import type { Refuse, Requested } from '../pipeline/states.ts';
import { createCors } from './cors.ts';

/** What every way in has around it. */
export interface HandlerParts {
  readonly settings: Settings;
  readonly events: Events;
  readonly refuse: Refuse;
  readonly isClosing: () => boolean;
}

export type Handle = (requested: Requested) => Promise<GuardResponse>;

/** Walks, and turns what was thrown on the way into an answer that tells nothing of the inside. */
export function createHandle(
  run: Handle,
  { settings, events, refuse, isClosing }: HandlerParts,
): Handle {
  const cors = createCors(settings.corsOrigins);
  const failed = (error: unknown, requested: Requested): GuardResponse => {
    const { source: what, denial } = denialOf(error);
    events.emit('failed', { source: what, error });
    return refuse(denial, requested);
  };
  return async (requested) => {
    const preflight = cors.preflight(requested.request);
    if (preflight !== undefined) return preflight;
    let answer: GuardResponse;
    try {
      answer = isClosing() ? refuse(CLOSING, requested) : await run(requested);
    } catch (error) {
      answer = failed(error, requested);
    }
    const { headers } = answer;
    headers['cache-control'] ??= 'no-store';
    headers['x-content-type-options'] = 'nosniff';
    // OpenAI's own, or ours where OpenAI never heard of the call: what a user can quote to support.
    headers['x-request-id'] ??= `guard_${randomUUID()}`;
    headers['vary'] = 'Authorization, Origin';
    cors.expose(requested.request, headers);
    return answer;
  };
}

export const CLOSING = deny('shutting_down', 'The service is restarting. Try again shortly.');

const LEDGER_DOWN = deny('ledger_unavailable', 'Usage cannot be counted at the moment.', {
  degraded: true,
});
const AUTH_DOWN = deny('auth_unavailable', 'Credentials cannot be checked at the moment.');
const OWN_FAULT = deny('internal_error', 'The service could not handle the request.');

export interface Failure {
  readonly source: FailedEvent['source'];
  readonly denial: Denial;
}

/** What the operator and the client are told of something that was thrown; the client, nothing of the
 * inside. */
export function denialOf(error: unknown): Failure {
  if (error instanceof LedgerError) return { source: 'ledger', denial: LEDGER_DOWN };
  if (error instanceof AuthenticationUnavailableError) return { source: 'auth', denial: AUTH_DOWN };
  return { source: 'internal', denial: OWN_FAULT };
}
