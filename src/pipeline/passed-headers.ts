import type { HeaderList } from '../core/response.ts';
import { askedWaitMs, RETRY_HINT_MS_MAX } from '../upstream/capacity/header-times.ts';
import type { HeaderOf } from '../upstream/queue/outlet.ts';
import type { Redaction } from '../upstream/redaction.ts';

/** An allow-list: OpenAI's other headers describe the account that all users share. */
const OF_ANSWERS = ['x-request-id', 'openai-processing-ms', 'openai-version'] as const;

/** Returns a header that may be shown: it does not have the key. */
export function shownHeader(
  header: HeaderOf,
  redaction: Redaction,
  name: string,
): string | undefined {
  const value = header(name);
  return value === undefined || redaction.has(value) ? undefined : value;
}

/** Returns the headers of an upstream that every answer passes on. */
export function passedHeaders(header: HeaderOf, redaction: Redaction): HeaderList {
  const passed: HeaderList = {};
  for (const name of OF_ANSWERS) {
    const value = shownHeader(header, redaction, name);
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

/** Returns the headers that an error passes on, those about repeating it included. */
export function passedErrorHeaders(header: HeaderOf, redaction: Redaction): HeaderList {
  const passed = passedHeaders(header, redaction);
  const shouldRetry = header('x-should-retry');
  if (shouldRetry === 'true' || shouldRetry === 'false') passed['x-should-retry'] = shouldRetry;
  return { ...passed, ...waitHeaders(header) };
}

/** Some SDKs sleep for as long as such a header says, so a long wait has none. */
function waitHeaders(header: HeaderOf): HeaderList {
  const asksForMs = header('retry-after-ms') !== undefined;
  if (!asksForMs && header('retry-after') === undefined) return {};
  const waitMs = askedWaitMs(header, Date.now());
  if (waitMs === undefined || waitMs > RETRY_HINT_MS_MAX) return {};
  return {
    'retry-after': String(Math.ceil(waitMs / 1_000)),
    ...(asksForMs && { 'retry-after-ms': String(Math.ceil(waitMs)) }),
  };
}

/**
 * Adds the headers of an upstream to an error. What the guard says about repeating the call counts: it knows
 * whether a repeat may be billed, and when its own turn comes.
 */
export function passErrorHeaders(own: HeaderList, passed: HeaderList): void {
  const { 'retry-after': after, 'retry-after-ms': afterMs, ...others } = passed;
  for (const [name, value] of Object.entries(others)) own[name] ??= value;
  if (own['x-should-retry'] === 'false') {
    delete own['retry-after'];
    return;
  }
  const ownWait = own['retry-after'];
  if (ownWait === undefined && after !== undefined) own['retry-after'] = after;
  if (afterMs === undefined) return;
  own['retry-after-ms'] = ownWait === undefined ? afterMs : String(Number(ownWait) * 1_000);
}
