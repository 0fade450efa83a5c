/** The parts of OpenAI's error that show which user and which field it is about. */
export interface WireError {
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** The fields in which the guard sends the end-user id. */
const END_USER_ID_FIELDS: ReadonlySet<string | null> = new Set([null, 'safety_identifier', 'user']);
const BLOCKED = /identifier[ _](?:(?:is|was|has been)[ _])?blocked/i;
/** Codes about the form of the field, which the guard writes and not the user. */
const OF_ITS_FORM = /^(?:unknown|unsupported|unrecognized|invalid|missing|empty|string)_/;

/**
 * Returns whether OpenAI no longer serves this end user. Its guide promises an `identifier blocked`
 * error and names no status or code (read 2026-11). One that was seen in a stream had the param
 * `safety_identifier` and the code `cyber_policy_violation`. A complaint about the field itself, as from
 * another host that does not know it, does not count: it would block every user.
 */
export function saysIdentifierBlocked({ message, param, code }: WireError): boolean {
  if (!END_USER_ID_FIELDS.has(param)) return false;
  if (BLOCKED.test(code ?? '') || BLOCKED.test(message)) return true;
  return param === 'safety_identifier' && code !== null && !OF_ITS_FORM.test(code);
}

/** Reads an error, as whole answers and events of either API carry it; `undefined` for anything else. */
export function readWireError(json: unknown): WireError | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  if ('error' in json && json.error) return readWireError(json.error);
  const { message, param, code } = json as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  if (typeof message !== 'string') return undefined;
  return { message, param: text(param), code: text(code) };
}
