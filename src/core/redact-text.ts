const REDACTED = '[redacted]';

/** OpenAI's keys, session keys and the ids of accounts, and xAI's of a team and a key. The key in use may look
 * different. */
const OF_ACCOUNTS =
  /\b(?:sk|ek|sess|org|proj)[-_][A-Za-z0-9_*.-]{6,}|\buser-[A-Za-z0-9]{16,}|(?<=\b(?:team|key id):? )[0-9a-f]{8}-[0-9a-f-]{27}\b/gi;

/** User tokens, JSON Web Tokens, what follows `Bearer`, and the password of a URL. */
const OF_CALLERS =
  /\bgct_[\w.-]{8,}|\beyJ[\w-]{8,}\.[\w.-]+|(?<=\bbearer )[\w.~+/=-]{8,}|(?<=:\/\/[^\s/@]{0,256}:)[^\s/@]{1,256}(?=@)/gi;

/** Removes what names a key or an account of a host. */
export const withoutAccounts = (text: string): string => text.replace(OF_ACCOUNTS, REDACTED);

/** Removes every kind of secret that can be recognised by its form. */
export const withoutSecrets = (text: string): string =>
  withoutAccounts(text).replace(OF_CALLERS, REDACTED);

/** Controls, marks that turn the direction of text, and Unicode's own line ends. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A message may quote what a client or a host wrote, which must not forge a line of the app's log. */
export const onOneLine = (text: string): string =>
  text.replace(UNPRINTABLE, (mark) => {
    return `\\u${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
