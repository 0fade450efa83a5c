/** The parts of an error of OpenAI's that say whom and what it is about. */
export interface WireError {
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** The fields by which the guard names a user. */
const TAG_FIELDS: ReadonlySet<string | null> = new Set([null, 'safety_identifier', 'user']);
const BLOCKED = /identifier[ _](?:(?:is|was|has been)[ _])?blocked/i;
/** About the form of the field, which is the guard's doing and not the user's. */
const OF_ITS_FORM = /^(?:unknown|unsupported|unrecognized|invalid|missing|empty|string)_/;

/**
 * Whether OpenAI says that it no longer serves this end user. Its guide promises an `identifier blocked`
 * error without a status or a code (read 2026-11); one that was seen in a stream had the param
 * `safety_identifier` and the code `cyber_policy_violation`. A complaint about the field itself, as from
 * another host that does not know it, is none: it would block everybody.
 */
export function saysIdentifierBlocked({ message, param, code }: WireError): boolean {
  if (!TAG_FIELDS.has(param)) return false;
  if (BLOCKED.test(code ?? '') || BLOCKED.test(message)) return true;
  return param === 'safety_identifier' && code !== null && !OF_ITS_FORM.test(code);
}

/** Reads an error, as whole answers and events of either API carry it; `undefined` when it is none. */
export function readWireError(json: unknown): WireError | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  if ('error' in json && json.error) return readWireError(json.error);
  const { message, param, code } = json as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  if (typeof message !== 'string') return undefined;
  return { message, param: text(param), code: text(code) };
}
