import type { WireError } from './wire-error.ts';

/** The fields in which the guard sends the end-user id. */
const END_USER_ID_FIELDS: ReadonlySet<string | null> = new Set([null, 'safety_identifier', 'user']);
const BLOCKED = /identifier[ _](?:(?:is|was|has been)[ _])?blocked/i;
const RESTRICTED_CODE = /^cyber_policy(?:_|$)/;
const RESTRICTED = /\buser['’]?s access\b.{0,200}\b(?:limited|restricted|suspended|revoked)\b/is;
/** Codes about the form of the field, which the guard writes and not the user. */
const OF_ITS_FORM = /^(?:unknown|unsupported|unrecognized|invalid|missing|empty|string)_/;

/** What OpenAI decided about an end user: `blocked` for good, or `restricted` for a model and a time. */
export type EndUserVerdict = 'blocked' | 'restricted';

/**
 * Returns what an error says about the end user; `undefined` if it is about something else.
 *
 * OpenAI's guide promises an `identifier blocked` error and names no status or code (read 2026-11): only
 * these words mean that it no longer serves the user. Everything else about `safety_identifier` is a limit
 * that it may take back, as it did for many users on 2026-03-03 (openai/codex#13296). Its guide to
 * cybersecurity checks calls it temporary, of some models, and names the code `cyber_policy` (read 2026-11);
 * errors with `cyber_policy_violation` were seen, also without a `param`. A complaint about the field
 * itself, as from another host that does not know it, says nothing about a user.
 */
export function verdictOn({ message, param, code }: WireError): EndUserVerdict | undefined {
  if (!END_USER_ID_FIELDS.has(param)) return undefined;
  if (BLOCKED.test(code ?? '') || BLOCKED.test(message)) return 'blocked';
  if (code !== null && OF_ITS_FORM.test(code)) return undefined;
  const isAboutUser = param === 'safety_identifier' && code !== null;
  const isRestricted = RESTRICTED_CODE.test(code ?? '') || RESTRICTED.test(message);
  return isAboutUser || isRestricted ? 'restricted' : undefined;
}
