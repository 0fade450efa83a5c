import { type Denial, deny } from '../core/denial.ts';
import { BodyError } from '../core/errors.ts';
import { eventsOf } from '../core/events.ts';
import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse } from '../core/response.ts';
import { denialResponse } from '../pipeline/denial-response.ts';
import { type Mountable, mountable } from './mountable.ts';
import { RawBodyError } from './request-parts.ts';

const FAILED = 'This could not be handled. Send it again.';
const NO_POST = deny('method_not_allowed', 'Use POST here.', { allow: 'POST' });

/**
 * Serves a webhook. The response is 200 when `take` returns `undefined`, and the denial that it returns
 * otherwise. When it throws, the guard emits `failed`, and the response is 500, so that the sender repeats
 * it. Only `POST`.
 */
export function webhook(
  guard: object,
  take: (request: GuardRequest) => Promise<Denial | undefined>,
): Mountable {
  const events = eventsOf(guard);
  return mountable(async (request) => {
    try {
      const denial = request.method === 'POST' ? await take(request) : NO_POST;
      return denial === undefined ? taken() : refused(denial);
    } catch (error) {
      if (error instanceof BodyError) return refused(deny(error.code, error.message));
      events.emit('failed', { source: 'webhook', error });
      const message = error instanceof RawBodyError ? error.message : FAILED;
      return refused(deny('internal_error', message));
    }
  });
}

const taken = (): GuardResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{}',
});

const refused = (denial: Denial): GuardResponse => denialResponse(denial, undefined, Date.now());
