import { type Denial, deny } from '../core/denial.ts';
import { BodyError } from '../core/errors.ts';
import { eventsOf } from '../core/events.ts';
import type { GuardRequest } from '../core/request.ts';
import type { GuardResponse } from '../core/response.ts';
import { denialResponse } from './denial-response.ts';
import { type Mountable, mountable } from './mountable.ts';
import { RawBodyError } from './request-parts.ts';

const FAILED = 'This could not be handled. Send it again.';
const NO_POST = deny('method_not_allowed', 'Use POST here.', { allow: 'POST' });

/**
 * Answers a webhook: 200 for what `take` took, its denial for what it did not, and 500, with an event
 * `failed` of the guard, for what it throws, so that the sender repeats it. Only `POST`.
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
