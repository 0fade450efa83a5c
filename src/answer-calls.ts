import { randomUUID } from 'node:crypto';
import { deny } from './errors.ts';
import type { Events } from './events.ts';
import type { GuardAnswer } from './exchange.ts';
import { failureOf } from './failures.ts';
import { createCors } from './http/cors.ts';
import type { Settings } from './options.ts';
import type { Refuse, Requested } from './stages/identify.ts';

/** What every way in has around it. */
export interface Shell {
  readonly settings: Settings;
  readonly events: Events;
  readonly refuse: Refuse;
  readonly isClosing: () => boolean;
}

export type Walk = (requested: Requested) => Promise<GuardAnswer>;

/** Walks, and turns what was thrown on the way into an answer that tells nothing of the inside. */
export function createAnswer(walkOn: Walk, { settings, events, refuse, isClosing }: Shell): Walk {
  const cors = createCors(settings.corsOrigins);
  const failed = (error: unknown, requested: Requested): GuardAnswer => {
    const { what, denial } = failureOf(error);
    events.emit('failed', { what, error });
    return refuse(denial, requested);
  };
  return async (requested) => {
    const preflight = cors.preflight(requested.request);
    if (preflight !== undefined) return preflight;
    let answer: GuardAnswer;
    try {
      answer = isClosing() ? refuse(CLOSING, requested) : await walkOn(requested);
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
