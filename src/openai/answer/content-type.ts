const EVENT_STREAM = 'text/event-stream';
/** What an answer is, or an error page, although a stream was asked for. */
const WHOLE = /^(?:[a-z]+\/(?:[\w.-]+\+)?json|text\/html)$/;

/**
 * Returns whether an answer is a stream of events. Its type is compared without regard to case and
 * parameters (RFC 9110, 8.3.1). Where it is missing, or is as good as missing (`text/plain`), what was
 * asked decides.
 */
export function isEventStream(contentType: string | undefined, isAsked: boolean): boolean {
  if (contentType === undefined) return isAsked;
  if (contentType.startsWith(EVENT_STREAM)) return true;
  const [type = ''] = contentType.toLowerCase().split(';', 1);
  return type.trim() === EVENT_STREAM || (isAsked && !WHOLE.test(type.trim()));
}

/** Returns the type under which an answer is passed on, as OpenAI writes it: clients compare letters. */
export function passedType(contentType: string | undefined, isStream: boolean): string {
  if (!isStream) return contentType || 'application/json';
  return contentType?.startsWith(EVENT_STREAM) ? contentType : 'text/event-stream; charset=utf-8';
}
