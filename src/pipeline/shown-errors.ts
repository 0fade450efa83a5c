import { type Denial, denialCodes, deny, isDenial } from '../core/denial.ts';
import type { StreamFailure } from '../openai/answer/error-frame.ts';
import { parseWords } from '../openai/answer/json-search.ts';
import type { Frame } from '../openai/answer/sse-frames.ts';
import type { ShownError } from '../openai/answer/stream-meter.ts';
import type { Redaction } from '../upstream/redaction.ts';
import { atStart } from '../upstream/upstream-label.ts';
import { refusalIn } from '../upstream/upstream-refusal.ts';

/** The codes of refusals whose words are about the operator's account and limits. */
const OWN_WORDS: ReadonlySet<string> = new Set(['upstream_account', 'upstream_busy']);

const unreadable = (label: string): Denial =>
  deny('upstream_failed', `${atStart(label)} could not serve the request.`);

export const failureOf = ({ code, message }: Denial): StreamFailure => ({
  code,
  message,
  type: denialCodes[code].type,
});

/**
 * Returns how the error events of one stream are shown: what is about the operator's account becomes an
 * event of the guard's, as its status would become a denial. All others pass, without the key and without
 * names of accounts.
 */
export function shownErrors(redaction: Redaction, label: string): ShownError {
  return (event, failure) => {
    const ending = failure && refusalIn(failure, redaction, label).ending;
    if (ending && isDenial(ending) && OWN_WORDS.has(ending.code)) return failureOf(ending);
    return redactedEvent(event, redaction, label);
  };
}

/** Words that cannot be read may say the key in a form that is not searched. */
function redactedEvent(
  { event, data }: Frame,
  redaction: Redaction,
  label: string,
): StreamFailure | Buffer | undefined {
  const json = parseWords(data);
  if (json === undefined) {
    return redaction.error(data) === data ? undefined : failureOf(unreadable(label));
  }
  // The values are searched, so that no escape hides anything, and the names of fields with the rest.
  const redacted = (_: string, value: unknown) =>
    typeof value === 'string' ? redaction.error(value) : value;
  const shown = redaction.error(JSON.stringify(json, redacted));
  if (shown === JSON.stringify(json)) return undefined;
  return Buffer.from(`${event === '' ? '' : `event: ${event}\n`}data: ${shown}\n\n`);
}
